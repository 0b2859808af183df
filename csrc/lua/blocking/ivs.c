/*
 * require "ivs": the module for plain scripts (DESIGN 1.1–1.3).
 */
#include "lua/blocking/blocking.h"
#include "lua/blocking/fetch.h"
#include "lua/blocking/private.h"
#include "lua/client.h"
#include "lua/module.h"
#include "lua/params.h"
#include "lua/blocking/process.h"

static const char default_client_key;

/* ivs.get_recording_configuration(params): over a default client, made at the first call. One that can't be
 * made is not remembered. */
static int get_recording_configuration(lua_State *L) {
  ivs_lua_params_check_arguments(L, 1);
  lua_settop(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &default_client_key);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushcfunction(L, ivs_lua_client_new);
    lua_call(L, 0, 2);
    if (lua_isnil(L, -2)) return 2;
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &default_client_key);
  }
  lua_insert(L, 1);
  return ivs_lua_blocking_get_recording_configuration(L);
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
      {"credentials", ivs_lua_blocking_credentials},
      {"close", ivs_lua_client_close},
      {NULL, NULL},
  };
  ivs_lua_module_open(L, client_methods);
  ivs_lua_fetch_register(L);
  ivs_lua_process_register(L);
  lua_pushcfunction(L, get_recording_configuration);
  lua_setfield(L, -2, "get_recording_configuration");
  lua_pushcfunction(L, new_client);
  lua_setfield(L, -2, "client");
  ivs_lua_private_push(L);
  lua_setfield(L, -2, "private");
  return 1;
}
