/* call:next. driver/core.c documents its arguments and results for each step. */
#include "lua/next.h"
#include "lua/call.h"
#include "lua/message.h"
#include "lua/provider.h"

enum { CALL = 1, RESULT = 2, REASON = 3, MESSAGE = 4, CLIENT = 5 };

static ivs_slice text_argument(lua_State *L, int index) {
  ivs_slice text = {NULL, 0};
  if (lua_type(L, index) == LUA_TSTRING) text.data = lua_tolstring(L, index, &text.length);
  return text;
}

/* Reports the result of decoding a service call's body: true, or nil with the error's code and message. */
static void take_reading(lua_State *L, ivs_call *core) {
  ivs_slice code = text_argument(L, REASON), message = text_argument(L, MESSAGE);
  if (lua_toboolean(L, RESULT))
    ivs_call_decoded(core);
  else if (ivs_call_is_success(core))
    ivs_call_undecodable(core, message);
  else
    ivs_call_error(core, code, message, !code.data);
}

/* Reports the loop's result of the current step. */
static void report(lua_State *L, ivs_lua_call *call) {
  ivs_call *core = &call->core;
  const char *problem = NULL;
  switch (core->state) {
  case IVS_STEP_CREDENTIALS:
    if (!ivs_lua_provider_is_waiting(call)) ivs_lua_call_take_credentials(L, call, CALL, RESULT);
    break;
  case IVS_STEP_EXCHANGE:
    problem = ivs_lua_call_take_response(L, call, RESULT);
    break;
  case IVS_STEP_SLEEP:
    ivs_call_slept(core);
    break;
  case IVS_STEP_DECODE:
    take_reading(L, core);
    break;
  default:
    break;
  }
  if (problem) luaL_argerror(L, RESULT, problem);
}

/* Stores the final value in the call's own table, for later calls of call:next. */
static int finish(lua_State *L, const char *step) {
  ivs_lua_compat_get_table(L, CALL);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, IVS_LUA_CALL_OUTCOME);
  lua_pop(L, 1);
  lua_pushstring(L, step);
  lua_insert(L, -2);
  return 2;
}

int ivs_lua_next_step(lua_State *L) {
  ivs_lua_call *call = ivs_lua_call_check(L, CALL);
  if (call->is_logging) return luaL_error(L, "call:next must not be called by the logger of the same call");
  lua_settop(L, MESSAGE);
  ivs_lua_compat_get_table(L, CALL);
  lua_rawgeti(L, -1, IVS_LUA_CALL_OUTCOME);
  if (!lua_isnil(L, -1)) {
    lua_pushstring(L, ivs_step_name(call->core.state));
    lua_insert(L, -2);
    return 2;
  }
  lua_pop(L, 1);
  lua_rawgeti(L, -1, IVS_LUA_CALL_CLIENT);
  lua_replace(L, CLIENT);
  report(L, call);
  enum ivs_step step = ivs_lua_call_advance(L, call, CLIENT, CALL);
  const char *name = ivs_step_name(step);
  if (step == IVS_STEP_DONE || step == IVS_STEP_FAILED) return finish(L, name);
  lua_pushstring(L, name);
  if (step == IVS_STEP_CREDENTIALS)
    ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_PROVIDER);
  else if (step == IVS_STEP_EXCHANGE)
    ivs_lua_message_push_request(L, &call->core);
  else if (step == IVS_STEP_DECODE)
    ivs_lua_message_push_response(L, &call->core.response);
  else
    lua_pushnumber(L, call->core.delay);
  return 2;
}
