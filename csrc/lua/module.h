/*
 * The common part of `ivs` and `ivs.core`: _VERSION, exceptions, registration of the userdata types.
 */
#ifndef IVS_LUA_MODULE_H
#define IVS_LUA_MODULE_H

#include "lua/compat.h"

/* Registers everything that both shared objects need, and pushes a module table with _VERSION and exceptions.
 * client_methods: the methods of this module's clients. */
void ivs_lua_module_open(lua_State *L, const luaL_Reg *client_methods);

#endif
