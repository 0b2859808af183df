/*
 * require "ivs.core": the module without I/O (docs/design.md, "ivs.core"). Loads no libcurl.
 *
 *   local client = core.client(options, clock?)
 *   local call = client:get_recording_configuration { arn = ARN }     -- client:call is the same
 *   local call = client:list_recording_configurations { maxResults = 50 }
 *   local step, detail = call:next()
 *
 *   step            detail                                  argument of the next call:next
 *   "credentials"   provider(io): the client's chain        credentials, or nil and an error
 *   "exchange"      request { method, url, headers, body,   response { status, headers, body },
 *                   connect_timeout, read_timeout }         or nil and an error
 *   "sleep"         seconds                                 none
 *   "done"          response                                final: call:next returns the same again
 *   "failed"        err                                     final: call:next returns the same again
 *
 * If several calls of one client need credentials at the same time, one of them gets the step "credentials".
 * The others get short steps "sleep" and then share its result, including a failure (provider.h).
 *
 * clock: { time = function → seconds since 1970, random = function → [0, 1) }, both optional: the event
 * loop's own clock. io: { http = function, sleep = function, run = function }, all optional: I/O functions of
 * the event loop for the credential providers. Other functions for drivers: driver.h; HTTP for event loops
 * that have only sockets: http1.h. core.private is only for resty.ivs and may change in any release.
 */
#include "lua/call.h"
#include "lua/client.h"
#include "lua/driver/driver.h"
#include "lua/driver/http1.h"
#include "lua/driver/pace.h"
#include "lua/driver/wire.h"
#include "lua/module.h"
#include "lua/params.h"
#include "lua/system.h"

static int begin_call(lua_State *L, const ivs_operation *operation) {
  enum { CLIENT = 1, PARAMS = 2 };
  ivs_lua_client_check(L, CLIENT);
  ivs_lua_params_check_arguments(L, PARAMS, operation);
  lua_settop(L, PARAMS);
  ivs_lua_call *call = ivs_lua_call_acquire(L, CLIENT);
  call->shares_credentials = true;
  ivs_lua_call_begin(L, call, operation, PARAMS);
  return 1;
}

static int get_recording_configuration(lua_State *L) {
  return begin_call(L, &ivs_operation_get_recording_configuration);
}

static int list_recording_configurations(lua_State *L) {
  return begin_call(L, &ivs_operation_list_recording_configurations);
}

IVS_EXPORT int luaopen_ivs_core(lua_State *L);

int luaopen_ivs_core(lua_State *L) {
  static const luaL_Reg client_methods[] = {
      {"call", get_recording_configuration},
      {"get_recording_configuration", get_recording_configuration},
      {"list_recording_configurations", list_recording_configurations},
      {"close", ivs_lua_client_close},
      {"connection_settings", ivs_lua_driver_settings},
      {"provider", ivs_lua_driver_provider},
      {"take_credentials", ivs_lua_driver_take_credentials},
      {"credentials_left", ivs_lua_driver_credentials_left},
      {"describe", ivs_lua_driver_describe},
      {NULL, NULL},
  };
  static const luaL_Reg functions[] = {
      {"client", ivs_lua_client_new},
      {"parse_url", ivs_lua_driver_parse_url},
      {"is_bypassed", ivs_lua_driver_is_bypassed},
      {"http_reader", ivs_lua_http1_reader},
      {"http_request", ivs_lua_http1_request},
      {NULL, NULL},
  };
  static const luaL_Reg private_functions[] = {
      {"begin", ivs_lua_wire_begin},
      {"advance", ivs_lua_wire_advance},
      {"request_text", ivs_lua_wire_request_text},
      {"request_table", ivs_lua_wire_request_table},
      {"is_throttled", ivs_lua_driver_is_throttled},
      {"new_pace", ivs_lua_pace_new},
      {"set_pace", ivs_lua_pace_set},
      {"note_sent", ivs_lua_pace_note_sent},
      {"monotonic", ivs_lua_driver_monotonic},
      {NULL, NULL},
  };
  ivs_lua_module_open(L, client_methods);
  ivs_lua_http1_register(L);
  ivs_lua_pace_register(L);
  luaL_setfuncs(L, functions, 0);
  lua_newtable(L);
  luaL_setfuncs(L, private_functions, 0);
  ivs_lua_system_push(L);
  lua_setfield(L, -2, "system");
  lua_setfield(L, -2, "private");
  return 1;
}
