/*
 * Waits until a recording configuration is ACTIVE. The rules are in lua/ivs/waiter.lua.
 */
#ifndef IVS_LUA_WAIT_H
#define IVS_LUA_WAIT_H

#include "lua/compat.h"

/* Once, from luaopen_ivs. */
void ivs_lua_wait_register(lua_State *L);
/* Lua: client:wait_until_active { arn, timeout = 300, delay = 2 } → response | nil, err. Ctrl-C ends it. */
int ivs_lua_wait_until_active(lua_State *L);

#endif
