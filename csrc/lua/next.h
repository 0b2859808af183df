/*
 * The steps of a call, one by one, for Lua code: for event loops (ivs.core) and for the calls that obtain
 * credentials.
 */
#ifndef IVS_LUA_NEXT_H
#define IVS_LUA_NEXT_H

#include "lua/compat.h"

/* Lua: call:next(result?, error?, message?) → step, detail. */
int ivs_lua_next_step(lua_State *L);

#endif
