/*
 * Waiting in the blocking driver, on the monotonic clock. Ctrl-C ends a wait (interrupt.h).
 */
#ifndef IVS_LUA_SLEEP_H
#define IVS_LUA_SLEEP_H

#include "lua/compat.h"

/* Sleeps to the end, whatever signals come. Raises what the hook of a signal raises. */
void ivs_lua_sleep_for(lua_State *L, double seconds);

/* Lua: sleep(seconds). */
int ivs_lua_sleep_call(lua_State *L);
/* Lua: monotonic() → seconds of a clock that nobody sets. */
int ivs_lua_sleep_monotonic(lua_State *L);

#endif
