/*
 * The system's clocks, in seconds, for the drivers. The call machine reads no clock: time is an argument of
 * its functions.
 */
#ifndef IVS_CORE_CLOCK_H
#define IVS_CORE_CLOCK_H

#include <time.h>

static inline double ivs_clock_read(clockid_t id) {
  struct timespec time;
  clock_gettime(id, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Seconds since 1970 (UTC). */
static inline double ivs_clock_now(void) {
  return ivs_clock_read(CLOCK_REALTIME);
}

/* For durations and deadlines: setting the time does not affect it. */
static inline double ivs_clock_monotonic(void) {
  return ivs_clock_read(CLOCK_MONOTONIC);
}

#endif
