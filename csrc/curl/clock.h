/*
 * The clock that deadlines are measured on.
 */
#ifndef IVS_CURL_CLOCK_H
#define IVS_CURL_CLOCK_H

#include <time.h>

/* Seconds of a clock that nobody sets. */
static inline double ivs_clock_monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#endif
