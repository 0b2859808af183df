/* clock_gettime as a number of seconds. */
#include "lua/clock.h"

#include <time.h>

static double read_clock(clockid_t id) {
  struct timespec time;
  clock_gettime(id, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double ivs_lua_clock_now(void) {
  return read_clock(CLOCK_REALTIME);
}

double ivs_lua_clock_monotonic(void) {
  return read_clock(CLOCK_MONOTONIC);
}
