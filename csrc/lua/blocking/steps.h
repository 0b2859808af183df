/*
 * The steps of the blocking driver that run Lua code: the credential provider, and the client's transport
 * function.
 */
#ifndef IVS_LUA_STEPS_H
#define IVS_LUA_STEPS_H

#include "lua/call.h"
#include "lua/compat.h"

/* Pushes the I/O functions of this driver for the credential providers: { http, sleep, run }. */
void ivs_lua_steps_push_io(lua_State *L, int client_index);
/* Calls the provider. Pushes credentials and nil, or nil and an error. Raises "interrupted!" if Ctrl-C ended
 * the provider. */
void ivs_lua_steps_call_provider(lua_State *L, int client_index);
/* Calls the provider and reports the result to the call. */
void ivs_lua_steps_authenticate(lua_State *L, ivs_lua_call *call, int client_index, int call_index);
/* Calls the client's transport function and reports the result to the call. Raises "interrupted!" as
 * above. */
void ivs_lua_steps_transport(lua_State *L, ivs_lua_call *call, int client_index);

#endif
