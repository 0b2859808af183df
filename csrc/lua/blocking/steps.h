/*
 * How the blocking driver carries out the steps of a call that need Lua: credentials, and the client's own transport function.
 */
#ifndef IVS_LUA_STEPS_H
#define IVS_LUA_STEPS_H

#include "lua/call.h"
#include "lua/compat.h"

/* Pushes what this driver does for the credential providers: { http, sleep, run }. */
void ivs_lua_steps_push_io(lua_State *L, int client_index);
/* Pushes two values: credentials and nil, or nil and an error. Raises "interrupted!" if Ctrl-C ended the provider. */
void ivs_lua_steps_ask_provider(lua_State *L, int client_index);
/* Asks the provider and reports to the call. */
void ivs_lua_steps_authenticate(lua_State *L, ivs_lua_call *call, int client_index, int call_index);
/* Asks the client's transport function and reports to the call; raises as above. */
void ivs_lua_steps_transport(lua_State *L, ivs_lua_call *call, int client_index);

#endif
