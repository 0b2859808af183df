/* The blocking driver: carries out the steps. The rules of the call are in csrc/core. */
#include "lua/blocking/blocking.h"
#include "core/status.h"
#include "lua/blocking/fetch.h"
#include "lua/blocking/sleep.h"
#include "lua/blocking/steps.h"
#include "lua/credentials.h"
#include "lua/call.h"
#include "lua/failure.h"
#include "lua/objects.h"
#include "lua/params.h"

enum { CLIENT = 1, PARAMS = 2, CALL = 3 };

static void exchange_over_curl(lua_State *L, ivs_lua_call *call) {
  ivs_call *core = &call->core;
  const ivs_exchange exchange = {
      .request = &core->request, .response = &core->response, .failure = &core->failure};
  if (!ivs_lua_fetch_exchange(L, CLIENT, &exchange))
    ivs_call_response(core);
  else if (core->failure.kind == IVS_KIND_CONFIG)
    ivs_call_stop(core); /* this libcurl cannot be used */
  else
    ivs_call_no_response_as_set(core);
}

int ivs_lua_blocking_credentials(lua_State *L) {
  enum { CREDENTIALS = 2 };
  lua_settop(L, CLIENT);
  ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  if (client->is_open)
    ivs_lua_steps_call_provider(L, CLIENT);
  else
    lua_settop(L, CREDENTIALS + 1);
  if (!ivs_lua_credentials_receive(L, CREDENTIALS, client)) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_SETTINGS);
  lua_getfield(L, -1, "describe");
  lua_call(L, 0, 1);
  return 1;
}

int ivs_lua_blocking_identify(lua_State *L) {
  lua_settop(L, CLIENT);
  const ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  if (!client->is_open) return luaL_error(L, "the client is closed");
  ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_SETTINGS);
  lua_getfield(L, -1, "identify");
  ivs_lua_steps_push_io(L, CLIENT);
  lua_call(L, 1, 3);
  return 3;
}

static int carry_out(lua_State *L, const ivs_operation *operation) {
  ivs_lua_client_check(L, CLIENT);
  ivs_lua_params_check_arguments(L, PARAMS, operation);
  lua_settop(L, PARAMS);
  ivs_lua_call *call = ivs_lua_call_acquire(L, CLIENT);
  ivs_lua_call_begin(L, call, operation, PARAMS);
  for (;;) {
    switch (ivs_lua_call_advance(L, call, CLIENT, CALL)) {
    case IVS_STEP_CREDENTIALS:
      if (call->client->is_open) ivs_lua_steps_authenticate(L, call, CLIENT, CALL);
      break;
    case IVS_STEP_EXCHANGE:
      if (!call->client->is_open) /* the logger has closed it */
        break;
      if (call->client->has_transport)
        ivs_lua_steps_transport(L, call, CLIENT);
      else
        exchange_over_curl(L, call);
      break;
    case IVS_STEP_SLEEP:
      ivs_lua_sleep_for(L, call->core.delay);
      ivs_call_slept(&call->core);
      break;
    case IVS_STEP_DONE:
      ivs_lua_call_release(L, CLIENT, CALL);
      return 1;
    default:
      ivs_lua_call_release(L, CLIENT, CALL);
      lua_pushnil(L);
      lua_insert(L, -2);
      return 2;
    }
  }
}

int ivs_lua_blocking_get_recording_configuration(lua_State *L) {
  return carry_out(L, &ivs_operation_get_recording_configuration);
}

int ivs_lua_blocking_list_recording_configurations(lua_State *L) {
  return carry_out(L, &ivs_operation_list_recording_configurations);
}

static const char iterate_key;

void ivs_lua_blocking_register(lua_State *L) {
  ivs_lua_objects_require(L, "ivs.pagination");
  lua_getfield(L, -1, "iterate");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &iterate_key);
  lua_pop(L, 1);
}

void ivs_lua_blocking_iterate(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &iterate_key);
  lua_insert(L, -3);
  lua_call(L, 2, 1);
}

/* Lua: list(params), with the client as an upvalue. */
static int list_of_client(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  return ivs_lua_blocking_list_recording_configurations(L);
}

int ivs_lua_blocking_recording_configurations(lua_State *L) {
  ivs_lua_client_check(L, CLIENT);
  ivs_lua_params_check_arguments(L, PARAMS, &ivs_operation_list_recording_configurations);
  lua_settop(L, PARAMS);
  lua_pushvalue(L, CLIENT);
  lua_pushcclosure(L, list_of_client, 1);
  lua_pushvalue(L, PARAMS);
  ivs_lua_blocking_iterate(L);
  return 1;
}
