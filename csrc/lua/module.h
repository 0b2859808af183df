/*
 * What `ivs` and `ivs.core` have in common: _VERSION, exceptions, the registrations.
 */
#ifndef IVS_LUA_MODULE_H
#define IVS_LUA_MODULE_H

#include "lua/compat.h"

/* Registers everything that both shared objects need and pushes a module table with _VERSION and exceptions.
 * The methods are those of a client. */
void ivs_lua_module_open(lua_State *L, const luaL_Reg *client_methods);

#endif
