/*
 * What the credential providers written in Lua need of C: digests, ES256, files that hold secrets.
 */
#ifndef IVS_LUA_SYSTEM_H
#define IVS_LUA_SYSTEM_H

#include "lua/compat.h"

/* Pushes the table of functions; each is documented where it is defined. */
void ivs_lua_system_push(lua_State *L);

#endif
