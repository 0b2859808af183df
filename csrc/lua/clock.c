/* The time of day as a number of seconds. */
#include "lua/clock.h"

#include <time.h>

double ivs_lua_clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
