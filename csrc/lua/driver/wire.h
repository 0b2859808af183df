/*
 * A call's steps in the terms of http1.h, for drivers in Lua that count microseconds: the request comes as one text, the
 * response goes back in the reader that has read it, and no table is made on the way. (ivs.core only.)
 */
#ifndef IVS_LUA_WIRE_H
#define IVS_LUA_WIRE_H

#include "lua/compat.h"

/* Lua: begin(client, params, spare?, operation?) → call. As client:call, in the memory of a finished call of this client
 * that nobody uses any more. operation: its name; none: GetRecordingConfiguration. */
int ivs_lua_wire_begin(lua_State *L);
/* Lua: advance(call, result?, err?) → step, detail. As call:next, but that "exchange" comes with the request's URL, and
 * that its result may be a reader that is done: its response is moved out of it. A final step is returned once. */
int ivs_lua_wire_advance(lua_State *L);
/* Lua, while the step is "exchange": request_text(call, absolute?, proxy_authorization?) → two texts: the
 * message is the one behind the other. As http_request. */
int ivs_lua_wire_request_text(lua_State *L);
/* Lua, while the step is "exchange": request_table(call) → the request as call:next gives it. */
int ivs_lua_wire_request_table(lua_State *L);

#endif
