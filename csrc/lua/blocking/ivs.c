/*
 * require "ivs": the module for scripts (docs/design.md, "The blocking driver").
 */
#include "lua/blocking/batch.h"
#include "lua/blocking/blocking.h"
#include "lua/blocking/fetch.h"
#include "lua/blocking/private.h"
#include "lua/client.h"
#include "lua/failure.h"
#include "lua/module.h"
#include "lua/params.h"
#include "lua/blocking/process.h"
#include "lua/blocking/wait.h"

static const char default_client_key;

/* Calls a client method on the default client, which is created at the first call. If that fails, the next
 * call tries again. */
static int call_default(lua_State *L, const ivs_operation *operation, lua_CFunction method) {
  ivs_lua_params_check_arguments(L, 1, operation);
  lua_settop(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &default_client_key);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushcfunction(L, ivs_lua_client_new);
    lua_call(L, 0, 2);
    if (lua_isnil(L, -2)) {
      ivs_lua_failure_set_operation(L, -1, operation->name);
      return 2;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &default_client_key);
  }
  lua_insert(L, 1);
  return method(L);
}

static int get_recording_configuration(lua_State *L) {
  return call_default(L, &ivs_operation_get_recording_configuration,
                      ivs_lua_blocking_get_recording_configuration);
}

static int list_recording_configurations(lua_State *L) {
  return call_default(L, &ivs_operation_list_recording_configurations,
                      ivs_lua_blocking_list_recording_configurations);
}

/* If the default client cannot be created, the iterator's first step returns the error. */
static int recording_configurations(lua_State *L) {
  ivs_lua_params_check_arguments(L, 1, &ivs_operation_list_recording_configurations);
  lua_settop(L, 1);
  lua_pushcfunction(L, list_recording_configurations);
  lua_insert(L, 1);
  ivs_lua_blocking_iterate(L);
  return 1;
}

static int new_client(lua_State *L) {
  if (!lua_isnoneornil(L, 2)) luaL_argerror(L, 2, "one argument expected: a table of options");
  lua_settop(L, 1);
  return ivs_lua_client_new(L);
}

IVS_EXPORT int luaopen_ivs(lua_State *L);

int luaopen_ivs(lua_State *L) {
  static const luaL_Reg client_methods[] = {
      {"get_recording_configuration", ivs_lua_blocking_get_recording_configuration},
      {"list_recording_configurations", ivs_lua_blocking_list_recording_configurations},
      {"recording_configurations", ivs_lua_blocking_recording_configurations},
      {"batch_get_recording_configuration", ivs_lua_batch_call},
      {"wait_until_active", ivs_lua_wait_until_active},
      {"credentials", ivs_lua_blocking_credentials},
      {"close", ivs_lua_client_close},
      {NULL, NULL},
  };
  static const luaL_Reg functions[] = {
      {"client", new_client},
      {"get_recording_configuration", get_recording_configuration},
      {"list_recording_configurations", list_recording_configurations},
      {"recording_configurations", recording_configurations},
      {NULL, NULL},
  };
  ivs_lua_module_open(L, client_methods);
  ivs_lua_batch_register(L);
  ivs_lua_blocking_register(L);
  ivs_lua_fetch_register(L);
  ivs_lua_process_register(L);
  ivs_lua_wait_register(L);
  luaL_setfuncs(L, functions, 0);
  ivs_lua_private_push(L);
  lua_setfield(L, -2, "private");
  return 1;
}
