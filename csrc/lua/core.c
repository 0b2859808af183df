/*
 * require "ivs.core": the module without I/O (DESIGN 1.6). Loads no libcurl.
 *
 *   local client = core.client(options, host?)      host: { time = function, random = function }
 *   local call = client:call { arn = ARN }
 *   local step, detail = call:next()
 *
 *   step            detail                                  what the next call:next takes
 *   "credentials"   provider(): the client's own chain      keys, or nil and an error
 *   "exchange"      request { method, url, headers, body,   response { status, headers, body }, or nil and an
 * error connect_timeout, read_timeout } "sleep"         seconds                                 nothing
 *   "done"          response                                final: the same again
 *   "failed"        err                                     final: the same again
 */
#include "lcall.h"
#include "lclient.h"
#include "module.h"

static int begin_call(lua_State *L) {
  lua_settop(L, 2);
  ivs_lclient_check(L, 1);
  ivs_lcall *call = ivs_lcall_acquire(L, 1);
  ivs_lcall_begin(L, call, 2);
  return 1;
}

IVS_EXPORT int luaopen_ivs_core(lua_State *L);

int luaopen_ivs_core(lua_State *L) {
  static const luaL_Reg client_methods[] = {{"call", begin_call}, {"close", ivs_lclient_close}, {NULL, NULL}};
  ivs_module_open(L, client_methods);
  lua_pushcfunction(L, ivs_lclient_new);
  lua_setfield(L, -2, "client");
  return 1;
}
