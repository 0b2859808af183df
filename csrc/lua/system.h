/*
 * C functions for the credential providers, which are written in Lua: digests, ES256, files with secrets.
 */
#ifndef IVS_LUA_SYSTEM_H
#define IVS_LUA_SYSTEM_H

#include "lua/compat.h"

/* Pushes the table of functions. Each is documented at its definition. */
void ivs_lua_system_push(lua_State *L);

#endif
