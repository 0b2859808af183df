/* The common part of the unit tests: CHECK prints and counts failed conditions. */
#ifndef IVS_SPEC_UNIT_H
#define IVS_SPEC_UNIT_H

#include "core/text.h"

#include <stdio.h>

static int broken;

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) broken++, printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                       \
  } while (0)

static inline ivs_slice bytes(const char *data, size_t length) {
  return (ivs_slice){data, length};
}
#define BYTES(literal) bytes(literal, sizeof(literal) - 1)

#endif
