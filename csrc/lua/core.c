/*
 * require "ivs.core": the module without I/O (DESIGN 1.6). Loads no libcurl.
 *
 *   local client = core.client(options, host?)      host: { time = function, random = function }
 *   local call = client:call { arn = ARN }
 *   local step, detail = call:next()
 *
 *   step            detail                                  what the next call:next takes
 *   "credentials"   provider(): the client's own chain      keys, or nil and an error
 *   "exchange"      request { method, url, headers, body,   response { status, headers, body }, or nil and an error
 *                   connect_timeout, read_timeout }
 *   "sleep"         seconds                                 nothing
 *   "done"          response                                final: the same again
 *   "failed"        err                                     final: the same again
 */
#include "lcall.h"
#include "lclient.h"
#include "module.h"

enum { CALL = 1, ANSWER = 2, REASON = 3, CLIENT = 4 };

static int begin_call(lua_State *L) {
  lua_settop(L, 2);
  ivs_lclient_check(L, 1);
  ivs_lcall *call = ivs_lcall_acquire(L, 1);
  ivs_lcall_begin(L, call, 2);
  return 1;
}

/* Reports what the loop brings to the step that it was given. */
static void report(lua_State *L, ivs_lcall *call) {
  ivs_call *core = &call->core;
  const char *problem = NULL;
  switch (core->state) {
  case IVS_STEP_CREDENTIALS:
    ivs_lcall_take_keys(L, call, CALL, ANSWER);
    break;
  case IVS_STEP_EXCHANGE:
    problem = ivs_lcall_take_answer(L, call, ANSWER);
    break;
  case IVS_STEP_SLEEP:
    ivs_call_slept(core);
    break;
  default:
    break;
  }
  if (problem) luaL_argerror(L, ANSWER, problem);
}

/* The final value is kept in the call's own table, so that it can be asked for again. */
static int finish(lua_State *L, const char *step) {
  ivs_compat_get_table(L, CALL);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, IVS_LCALL_OUTCOME);
  lua_pop(L, 1);
  lua_pushstring(L, step);
  lua_insert(L, -2);
  return 2;
}

static int next_step(lua_State *L) {
  ivs_lcall *call = ivs_lcall_check(L, CALL);
  lua_settop(L, REASON);
  ivs_compat_get_table(L, CALL);
  lua_rawgeti(L, -1, IVS_LCALL_OUTCOME);
  if (!lua_isnil(L, -1)) {
    lua_pushstring(L, ivs_step_name(call->core.state));
    lua_insert(L, -2);
    return 2;
  }
  lua_pop(L, 1);
  lua_rawgeti(L, -1, IVS_LCALL_CLIENT);
  lua_replace(L, CLIENT);
  report(L, call);
  enum ivs_step step = ivs_lcall_advance(L, call, CLIENT, CALL);
  const char *name = ivs_step_name(step);
  if (step == IVS_STEP_DONE || step == IVS_STEP_FAILED) return finish(L, name);
  lua_pushstring(L, name);
  if (step == IVS_STEP_CREDENTIALS)
    ivs_lclient_get(L, CLIENT, IVS_LCLIENT_PROVIDER);
  else if (step == IVS_STEP_EXCHANGE)
    ivs_lcall_push_request(L, call);
  else
    lua_pushnumber(L, call->core.delay);
  return 2;
}

IVS_EXPORT int luaopen_ivs_core(lua_State *L);

int luaopen_ivs_core(lua_State *L) {
  static const luaL_Reg client_methods[] = {{"call", begin_call}, {"close", ivs_lclient_close}, {NULL, NULL}};
  static const luaL_Reg call_methods[] = {{"next", next_step}, {NULL, NULL}};
  ivs_module_open(L, client_methods, call_methods);
  lua_pushcfunction(L, ivs_lclient_new);
  lua_setfield(L, -2, "client");
  return 1;
}
