/*
 * The steps of a call for drivers in Lua that need the highest speed: the request is returned as text, the
 * response is passed in its reader (http1.h), and no tables are created. Only in `private` of ivs.core.
 */
#ifndef IVS_LUA_WIRE_H
#define IVS_LUA_WIRE_H

#include "lua/compat.h"

/* Lua: begin(client, params, spare?, operation?) → call. Like client:call. spare: a finished call of this
 * client, which is reused. operation: its name; nil: GetRecordingConfiguration. */
int ivs_lua_wire_begin(lua_State *L);
/* Lua: advance(call, result?, err?) → step, detail. Like call:next, but the detail of "exchange" is the
 * request's URL, and its result may be a reader that is done, whose response is moved to the call. A final
 * step is returned only once. */
int ivs_lua_wire_advance(lua_State *L);
/* Lua: request_text(call, absolute?, proxy_authorization?) → the two parts of the request's text, during the
 * step "exchange". The arguments are those of http_request. */
int ivs_lua_wire_request_text(lua_State *L);
/* Lua: request_table(call) → the request as a table, as call:next returns it, during the step "exchange". */
int ivs_lua_wire_request_table(lua_State *L);

#endif
