/*
 * Protected calls of the user's functions.
 */
#ifndef IVS_LUA_PROTECT_H
#define IVS_LUA_PROTECT_H

#include "lua/compat.h"

/* lua_pcall without a message handler. Raises the interpreter's error for Ctrl-C again, so that no wait,
 * retry or decoding handles it as its own failure. */
int ivs_lua_protect_call(lua_State *L, int arguments, int results);

#endif
