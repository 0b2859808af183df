/* The blocking driver: no rule of the call stands here, only how each step is done. */
#include "lua/blocking/blocking.h"
#include "core/status.h"
#include "lua/blocking/fetch.h"
#include "lua/credentials.h"
#include "lua/call.h"
#include "lua/failure.h"
#include "lua/message.h"
#include "lua/objects.h"
#include "lua/params.h"
#include "lua/blocking/process.h"
#include "lua/blocking/sleep.h"

enum { CLIENT = 1, PARAMS = 2, CALL = 3 };

static void exchange_over_curl(lua_State *L, ivs_lua_call *call) {
  ivs_call *core = &call->core;
  ivs_easy *easy = ivs_lua_fetch_easy(L, CLIENT, &core->failure);
  if (!easy)
    ivs_call_stop(core);
  else if (ivs_easy_exchange(easy, &core->request, NULL, &core->response, &core->failure))
    ivs_call_fault_as_set(core);
  else
    ivs_call_response(core);
}

/* The client's own `transport` function in place of the network. */
static void exchange_over_transport(lua_State *L, ivs_lua_call *call) {
  const int top = lua_gettop(L);
  ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_TRANSPORT);
  ivs_lua_message_push_request(L, &call->core);
  const int status = lua_pcall(L, 1, 2, 0);
  if (call->client->is_open) /* else the next step says that it has been closed */
    ivs_lua_message_take_transport(L, &call->core, top + 1, status);
  lua_settop(L, top);
}

/* Pushes what this driver does for the credential providers: { http, sleep, run }. */
static void push_io(lua_State *L) {
  lua_createtable(L, 0, 3);
  ivs_lua_fetch_push(L, CLIENT);
  lua_setfield(L, -2, "http");
  lua_pushcfunction(L, ivs_lua_sleep_call);
  lua_setfield(L, -2, "sleep");
  lua_pushcfunction(L, ivs_lua_process_run);
  lua_setfield(L, -2, "run");
}

/* Pushes two values: credentials and nil, or nil and an error. */
static void ask_provider(lua_State *L) {
  ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_PROVIDER);
  push_io(L);
  if (lua_pcall(L, 1, 2, 0) != LUA_OK) { /* the error takes the place of `nil, err` */
    lua_pushnil(L);
    lua_insert(L, -2);
  }
}

static void ask_for_credentials(lua_State *L, ivs_lua_call *call) {
  const int top = lua_gettop(L);
  ask_provider(L);
  ivs_lua_call_take_credentials(L, call, CALL, top + 1);
  lua_settop(L, top);
}

int ivs_lua_blocking_credentials(lua_State *L) {
  enum { CREDENTIALS = 2 };
  lua_settop(L, CLIENT);
  ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  if (client->is_open)
    ask_provider(L);
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
  push_io(L);
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
      if (call->client->is_open) ask_for_credentials(L, call);
      break;
    case IVS_STEP_EXCHANGE:
      if (!call->client->is_open) /* by the logger */
        break;
      if (call->client->has_transport)
        exchange_over_transport(L, call);
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
