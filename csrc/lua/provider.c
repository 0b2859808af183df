/* Decides which call of a client calls its provider. */
#include "lua/provider.h"
#include "lua/failure.h"

static bool is_refreshing(const ivs_lua_client *client, double now) {
  const double waited = now - client->refresh.since;
  return client->refresh.call && waited >= 0 && waited < IVS_LUA_PROVIDER_LEASE;
}

/* Reports the result of the refresh that the call waited for. */
static void take_shared_result(lua_State *L, ivs_lua_call *call, int client_index, int call_index) {
  const int top = lua_gettop(L);
  lua_pushnil(L);
  ivs_lua_client_get(L, client_index, IVS_LUA_CLIENT_PROVIDER_ERROR);
  if (lua_isnil(L, -1)) {
    ivs_call_credentials(&call->core);
  } else {
    ivs_lua_failure_copy(L);
    ivs_lua_call_take_credentials(L, call, call_index, top + 1);
  }
  lua_settop(L, top);
}

static bool is_finished(const ivs_lua_call *call) {
  return call->awaited_refresh && call->client->refresh.finished >= call->awaited_refresh;
}

/* Continues with the current credentials if they are valid beyond the mandatory refresh time. */
static bool keep_old_credentials(ivs_lua_call *call, double now) {
  const ivs_client *client = &call->client->core;
  const double service_now = now + client->clock_offset;
  if (!ivs_credentials_valid(&client->credentials, service_now + IVS_CREDENTIALS_MANDATORY_SECONDS))
    return false;
  ivs_call_no_credentials(&call->core, IVS_KIND_CREDENTIALS, ivs_text_slice("CredentialRetrievalError"),
                          ivs_text_slice("another call is refreshing the credentials"));
  return true;
}

enum ivs_lua_provider_turn ivs_lua_provider_take_turn(lua_State *L, ivs_lua_call *call, int client_index,
                                                      int call_index, double now) {
  ivs_lua_client *client = call->client;
  if (is_finished(call)) {
    call->awaited_refresh = 0;
    take_shared_result(L, call, client_index, call_index);
    return IVS_LUA_PROVIDER_REPORTED;
  }
  call->awaited_refresh = 0;
  if (client->refresh.call != call && is_refreshing(client, now)) {
    if (keep_old_credentials(call, now)) return IVS_LUA_PROVIDER_REPORTED;
    call->awaited_refresh = client->refresh.started;
    return IVS_LUA_PROVIDER_WAIT;
  }
  client->refresh.call = call;
  client->refresh.since = now;
  client->refresh.started++;
  return IVS_LUA_PROVIDER_REFRESH;
}

bool ivs_lua_provider_is_waiting(const ivs_lua_call *call) {
  return call->awaited_refresh != 0;
}

void ivs_lua_provider_finish(lua_State *L, ivs_lua_call *call, int call_index, int error) {
  ivs_lua_client *client = call->client;
  if (client->refresh.call != call) return; /* too late: another call has taken over the refresh */
  client->refresh.call = NULL;
  client->refresh.finished = client->refresh.started;
  if (error) {
    lua_pushvalue(L, error);
    ivs_lua_failure_copy(L); /* a copy, because the call sets operation_name in its own error object */
  } else {
    lua_pushnil(L);
  }
  ivs_lua_compat_get_table(L, call_index);
  lua_rawgeti(L, -1, IVS_LUA_CALL_CLIENT);
  ivs_lua_compat_get_table(L, lua_gettop(L));
  lua_pushvalue(L, -4);
  lua_rawseti(L, -2, IVS_LUA_CLIENT_PROVIDER_ERROR);
  lua_pop(L, 4);
}

void ivs_lua_provider_release(ivs_lua_call *call) {
  if (call->client && call->client->refresh.call == call) call->client->refresh.call = NULL;
}
