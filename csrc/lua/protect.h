/*
 * Calls of functions that are not ours, whose errors are results.
 */
#ifndef IVS_LUA_PROTECT_H
#define IVS_LUA_PROTECT_H

#include "lua/compat.h"

/* lua_pcall without a message handler, but for the error that the interpreter raises when Ctrl-C was typed: it is raised again, so
 * that no wait, retry or decoding takes it for a failure of its own. */
int ivs_lua_protect_call(lua_State *L, int arguments, int results);

#endif
