/* Sleeps in slices, and checks for a hook after each. */
#include "lua/blocking/sleep.h"
#include "core/clock.h"
#include "lua/blocking/interrupt.h"

#include <math.h>
#include <time.h>

void ivs_lua_sleep_for(lua_State *L, double seconds) {
  if (!(seconds > 0)) return;
  const double until = ivs_clock_monotonic() + seconds;
  ivs_lua_interrupt interrupt;
  ivs_lua_interrupt_begin(L, &interrupt);
  for (double left = seconds; left > 0; left = until - ivs_clock_monotonic()) {
    const double slice = fmin(left, IVS_LUA_INTERRUPT_SECONDS);
    const struct timespec duration = {.tv_sec = 0, .tv_nsec = (long)ceil(slice * 1e9)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
    ivs_lua_interrupt_run(&interrupt);
  }
}

int ivs_lua_sleep_call(lua_State *L) {
  ivs_lua_sleep_for(L, luaL_checknumber(L, 1));
  return 0;
}

int ivs_lua_sleep_monotonic(lua_State *L) {
  lua_pushnumber(L, ivs_clock_monotonic());
  return 1;
}
