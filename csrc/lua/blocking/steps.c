/* Calls the provider and the transport function. */
#include "lua/blocking/steps.h"
#include "lua/blocking/fetch.h"
#include "lua/blocking/process.h"
#include "lua/blocking/sleep.h"
#include "lua/message.h"
#include "lua/protect.h"

void ivs_lua_steps_push_io(lua_State *L, int client_index) {
  lua_createtable(L, 0, 3);
  ivs_lua_fetch_push(L, client_index);
  lua_setfield(L, -2, "http");
  lua_pushcfunction(L, ivs_lua_sleep_call);
  lua_setfield(L, -2, "sleep");
  lua_pushcfunction(L, ivs_lua_process_run);
  lua_setfield(L, -2, "run");
}

void ivs_lua_steps_call_provider(lua_State *L, int client_index) {
  ivs_lua_client_get(L, client_index, IVS_LUA_CLIENT_PROVIDER);
  ivs_lua_steps_push_io(L, client_index);
  if (ivs_lua_protect_call(L, 1, 2) == LUA_OK) return;
  lua_pushnil(L); /* the result becomes nil and the error */
  lua_insert(L, -2);
}

void ivs_lua_steps_authenticate(lua_State *L, ivs_lua_call *call, int client_index, int call_index) {
  const int top = lua_gettop(L);
  ivs_lua_steps_call_provider(L, client_index);
  ivs_lua_call_take_credentials(L, call, call_index, top + 1);
  lua_settop(L, top);
}

void ivs_lua_steps_transport(lua_State *L, ivs_lua_call *call, int client_index) {
  const int top = lua_gettop(L);
  ivs_lua_client_get(L, client_index, IVS_LUA_CLIENT_TRANSPORT);
  ivs_lua_message_push_request(L, &call->core);
  const int status = ivs_lua_protect_call(L, 1, 2);
  if (call->client->is_open) /* otherwise the next step is FAILED */
    ivs_lua_message_take_transport(L, &call->core, top + 1, status);
  lua_settop(L, top);
}
