/*
 * The two HTTP messages as Lua tables.
 */
#ifndef IVS_LUA_MESSAGE_H
#define IVS_LUA_MESSAGE_H

#include "lua/compat.h"
#include "core/call.h"

/* Pushes the request as a table { method, url, headers, body, connect_timeout, read_timeout }. */
void ivs_lua_message_push_request(lua_State *L, const ivs_call *call);
/* Pushes { status, headers, body }. */
void ivs_lua_message_push_response(lua_State *L, const ivs_response *response);
/* Reports the answer at `index` ({ status, headers, body }, or nil and an error after it). NULL, or what is
 * wrong with it: nothing is reported then. */
const char *ivs_lua_message_take_answer(lua_State *L, ivs_call *call, int index);

/* Reports what the transport function returned, as above, or what it raised, which is at the index.
 * Whatever is wrong with it fails the call. returned: lua_pcall's status. */
void ivs_lua_message_take_transport(lua_State *L, ivs_call *call, int index, int returned);
/* Lua: read_answer(source, max_bytes, has_returned, answer, err) → { status, headers, body } | nil, err: the same for what
 * is done in Lua. Header names are in lower case. source: for messages. */
int ivs_lua_message_read_answer(lua_State *L);
/* Once, from luaopen_*. */
void ivs_lua_message_register(lua_State *L);

#endif
