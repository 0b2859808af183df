/*
 * HTTP requests and responses as Lua tables.
 */
#ifndef IVS_LUA_MESSAGE_H
#define IVS_LUA_MESSAGE_H

#include "lua/compat.h"
#include "core/call.h"

/* Pushes the request as a table { method, url, headers, body, connect_timeout, read_timeout }. */
void ivs_lua_message_push_request(lua_State *L, const ivs_call *call);
/* Pushes { status, headers, body }. */
void ivs_lua_message_push_response(lua_State *L, const ivs_response *response);
/* Reports the response at `index` ({ status, headers, body }, or nil there and an error after it) to the
 * call. Returns NULL; or, if the value is invalid, reports nothing and returns the problem. */
const char *ivs_lua_message_take_response(lua_State *L, ivs_call *call, int index);

/* Reports the result of the transport function: a response or an error as above, or the raised error at the
 * index. An invalid result fails the call. returned: lua_pcall's status. */
void ivs_lua_message_take_transport(lua_State *L, ivs_call *call, int index, int returned);
/* Lua: read_response(source, max_bytes, has_returned, response, err) → { status, headers, body } | nil, err.
 * The same for requests of Lua code. Header names are in lower case. source: the name of the function that
 * returned the response, for messages. */
int ivs_lua_message_read_response(lua_State *L);
/* Once, from luaopen_*. */
void ivs_lua_message_register(lua_State *L);

#endif
