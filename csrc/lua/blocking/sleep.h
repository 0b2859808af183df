/*
 * Sleeps for the blocking driver, on the monotonic clock. Ctrl-C ends them (interrupt.h).
 */
#ifndef IVS_LUA_SLEEP_H
#define IVS_LUA_SLEEP_H

#include "lua/compat.h"

/* Sleeps for the whole time, even if signals arrive. Raises the error of a signal hook. */
void ivs_lua_sleep_for(lua_State *L, double seconds);

/* Lua: sleep(seconds). */
int ivs_lua_sleep_call(lua_State *L);
/* Lua: monotonic() → seconds of the monotonic clock. */
int ivs_lua_sleep_monotonic(lua_State *L);

#endif
