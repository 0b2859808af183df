/*
 * require "ivs.core": the module without I/O (DESIGN 1.6). Loads no libcurl.
 *
 *   local client = core.client(options, host?)
 *   local call = client:call { arn = ARN }
 *   local step, detail = call:next()
 *
 *   step            detail                                  what the next call:next takes
 *   "credentials"   provider(offer): the client's chain     keys, or nil and an error
 *   "exchange"      request { method, url, headers, body,   response { status, headers, body },
 *                   connect_timeout, read_timeout }         or nil and an error
 *   "sleep"         seconds                                 nothing
 *   "done"          response                                final: the same again
 *   "failed"        err                                     final: the same again
 *
 * host: { time = function → seconds since 1970, random = function → [0, 1) }, each of them as the loop has it.
 * offer: { http = function, sleep = function, run = function }, what the loop does for the credential sources.
 * What a driver needs beside the steps: ldriver.h; HTTP for a loop that has only sockets: lhttp1.h.
 * core.private is for resty.ivs alone and may change in any release.
 */
#include "lcall.h"
#include "lclient.h"
#include "ldriver.h"
#include "lhttp1.h"
#include "lwire.h"
#include "module.h"
#include "params.h"
#include "system.h"

static int begin_call(lua_State *L) {
  ivs_lclient_check(L, 1);
  ivs_params_check_arguments(L, 2);
  lua_settop(L, 2);
  ivs_lcall *call = ivs_lcall_acquire(L, 1);
  ivs_lcall_begin(L, call, 2);
  return 1;
}

IVS_EXPORT int luaopen_ivs_core(lua_State *L);

int luaopen_ivs_core(lua_State *L) {
  static const luaL_Reg client_methods[] = {
      {"call", begin_call},
      {"close", ivs_lclient_close},
      {"connection_settings", ivs_ldriver_settings},
      {"provider", ivs_ldriver_provider},
      {"take_credentials", ivs_ldriver_take_keys},
      {"credentials_left", ivs_ldriver_keys_left},
      {"describe", ivs_ldriver_describe},
      {NULL, NULL},
  };
  static const luaL_Reg functions[] = {
      {"client", ivs_lclient_new},
      {"parse_url", ivs_ldriver_parse_url},
      {"is_bypassed", ivs_ldriver_is_bypassed},
      {"http_reader", ivs_lhttp1_reader},
      {"http_request", ivs_lhttp1_request},
      {NULL, NULL},
  };
  static const luaL_Reg private_functions[] = {
      {"begin", ivs_lwire_begin},
      {"advance", ivs_lwire_advance},
      {"request_text", ivs_lwire_request_text},
      {"request_table", ivs_lwire_request_table},
      {"is_throttled", ivs_ldriver_is_throttled},
      {NULL, NULL},
  };
  ivs_module_open(L, client_methods);
  ivs_lhttp1_register(L);
  luaL_setfuncs(L, functions, 0);
  lua_newtable(L);
  luaL_setfuncs(L, private_functions, 0);
  ivs_system_push(L);
  lua_getfield(L, -1, "home_directory");
  lua_setfield(L, -3, "home_directory");
  lua_pop(L, 1);
  lua_setfield(L, -2, "private");
  return 1;
}
