/*
 * The common part of the fuzzers: functions that read the input, and REQUIRE, which aborts if a condition is
 * false.
 */
#ifndef IVS_SPEC_FUZZ_H
#define IVS_SPEC_FUZZ_H

#include "core/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                                   \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                                \
      abort();                                                                                               \
    }                                                                                                        \
  } while (0)

typedef struct fuzz_input {
  const uint8_t *data;
  size_t left;
} fuzz_input;

/* The next byte; 0 past the end. */
static inline unsigned fuzz_byte(fuzz_input *in) {
  if (!in->left) return 0;
  in->left--;
  return *in->data++;
}

/* The bytes before the next `stop`, which is skipped; all remaining bytes if there is none. */
static inline ivs_slice fuzz_until(fuzz_input *in, char stop) {
  ivs_slice text = {(const char *)in->data, in->left};
  const uint8_t *end = in->left ? memchr(in->data, stop, in->left) : NULL;
  if (end) text.length = (size_t)(end - in->data);
  in->data += text.length + (end != NULL);
  in->left -= text.length + (end != NULL);
  return text;
}

static inline ivs_slice fuzz_line(fuzz_input *in) {
  return fuzz_until(in, '\n');
}

/* A copy in a block of exactly its size, so that the sanitizer detects reads past its end. The caller frees
 * it. */
static inline ivs_slice fuzz_copy(ivs_slice text) {
  char *copy = malloc(text.length ? text.length : 1);
  REQUIRE(copy);
  if (text.length) memcpy(copy, text.data, text.length);
  return (ivs_slice){copy, text.length};
}

/* A NUL-terminated copy, truncated at the first NUL. The caller frees it. */
static inline char *fuzz_string(ivs_slice text) {
  char *copy = malloc(text.length + 1);
  REQUIRE(copy);
  if (text.length) memcpy(copy, text.data, text.length);
  copy[text.length] = '\0';
  return copy;
}

static inline bool fuzz_contains(ivs_slice text, ivs_slice part) {
  return part.length && memmem(text.data, text.length, part.data, part.length) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
