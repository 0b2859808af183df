/*
 * Decodes response bodies to Lua tables: a private lua-cjson instance decodes the JSON, then the tables are
 * converted according to the operation's shape.
 */
#ifndef IVS_LUA_DECODE_H
#define IVS_LUA_DECODE_H

#include "lua/compat.h"
#include "core/call.h"

/* Once, from luaopen_*: loads ivs.json, whose cjson instance decodes the bodies. Raises if lua-cjson is not
 * installed. */
void ivs_lua_decode_register(lua_State *L);

/* Carries out the step DECODE and reports to the call. After a success pushes the result table and returns
 * true; otherwise pushes nothing and returns false. */
bool ivs_lua_decode_step(lua_State *L, ivs_call *call);

/* Adds ResponseMetadata to the result table at the top. */
void ivs_lua_decode_add_metadata(lua_State *L, const ivs_call *call);

#endif
