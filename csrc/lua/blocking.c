/* The blocking driver: no rule of the call stands here, only how each step is done. */
#include "blocking.h"
#include "core/status.h"
#include "fetch.h"
#include "keys.h"
#include "lcall.h"
#include "lfailure.h"
#include "lmessage.h"
#include "process.h"

#include <errno.h>
#include <math.h>
#include <time.h>

enum { CLIENT = 1, PARAMS = 2, CALL = 3 };

/* To the end, whatever signals come. */
static void sleep_for(double seconds) {
  struct timespec until;
  if (!(seconds > 0)) return;
  clock_gettime(CLOCK_MONOTONIC, &until);
  double whole = floor(seconds);
  until.tv_sec += (time_t)whole;
  until.tv_nsec += (long)((seconds - whole) * 1e9);
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

static int sleep_in_lua(lua_State *L) {
  sleep_for(luaL_checknumber(L, 1));
  return 0;
}

static void exchange_over_curl(lua_State *L, ivs_lcall *call) {
  ivs_call *core = &call->core;
  ivs_easy *easy = ivs_fetch_easy(L, CLIENT, &core->failure);
  if (!easy)
    ivs_call_stop(core);
  else if (ivs_easy_exchange(easy, &core->request, NULL, &core->response, &core->failure))
    ivs_call_fault_as_set(core);
  else
    ivs_call_response(core);
}

/* The client's own `transport` function in place of the network. */
static void exchange_over_transport(lua_State *L, ivs_lcall *call) {
  const int top = lua_gettop(L);
  const char *problem;
  ivs_lclient_get(L, CLIENT, IVS_LCLIENT_TRANSPORT);
  ivs_lmessage_push_request(L, &call->core);
  const int status = lua_pcall(L, 1, 2, 0);
  if (status == LUA_OK) {
    problem = ivs_lcall_take_answer(L, call, top + 1);
  } else {
    problem = lua_tostring(L, -1);
    if (!problem) problem = "it raised an error that is no text";
  }
  if (status == LUA_ERRMEM) {
    ivs_failure_from_status(&call->core.failure, IVS_ENOMEM, "running the transport");
    ivs_call_stop(&call->core);
  } else if (problem) {
    ivs_failure_format(&call->core.failure, IVS_KIND_CONNECTION, "HTTPClientError", "transport: %s", problem);
    ivs_call_stop(&call->core);
  }
  lua_settop(L, top);
}

/* Pushes what this driver offers to the providers: { http, sleep, run }. */
static void push_offer(lua_State *L) {
  lua_createtable(L, 0, 3);
  ivs_fetch_push(L, CLIENT);
  lua_setfield(L, -2, "http");
  lua_pushcfunction(L, sleep_in_lua);
  lua_setfield(L, -2, "sleep");
  lua_pushcfunction(L, ivs_process_run);
  lua_setfield(L, -2, "run");
}

/* Pushes two values: keys and nil, or nil and an error. */
static void ask_provider(lua_State *L) {
  ivs_lclient_get(L, CLIENT, IVS_LCLIENT_PROVIDER);
  push_offer(L);
  if (lua_pcall(L, 1, 2, 0) != LUA_OK) { /* the error takes the place of `nil, err` */
    lua_pushnil(L);
    lua_insert(L, -2);
  }
}

/* take_keys(call, keys, err), to be called protected. */
static int take_keys(lua_State *L) {
  ivs_lcall_take_keys(L, ivs_lcall_check(L, 1), 1, 2);
  return 0;
}

static void ask_for_keys(lua_State *L, ivs_lcall *call) {
  const int top = lua_gettop(L);
  ask_provider(L);
  lua_pushcfunction(L, take_keys);
  lua_pushvalue(L, CALL);
  lua_pushvalue(L, top + 1);
  lua_pushvalue(L, top + 2);
  if (lua_pcall(L, 3, 0, 0) != LUA_OK) { /* a metamethod of what was given */
    lua_pushnil(L);
    lua_insert(L, -2);
    ivs_lcall_take_keys(L, call, CALL, lua_gettop(L) - 1);
  }
  lua_settop(L, top);
}

/* Pushes nil and an error object for whatever a provider gave in place of keys; returns 2. */
static int return_no_keys(lua_State *L, int error, const char *code_of_problem, const char *problem) {
  enum ivs_kind kind = IVS_KIND_CREDENTIALS;
  ivs_slice code = ivs_text_slice(code_of_problem), message = ivs_text_slice(problem);
  if (!problem && lua_istable(L, error)) {
    lua_pushnil(L);
    lua_pushvalue(L, error);
    return 2;
  }
  ivs_failure *failure = ivs_lfailure_new(L);
  if (!problem) ivs_lfailure_read(L, error, &kind, &code, &message);
  ivs_failure_set(failure, kind, code, message);
  return ivs_lfailure_return(L, failure);
}

int ivs_blocking_credentials(lua_State *L) {
  enum { KEYS = 2, ERROR = 3 };
  lua_settop(L, CLIENT);
  ivs_lclient *client = ivs_lclient_check(L, CLIENT);
  if (!client->is_open) {
    ivs_failure *failure = ivs_lfailure_new(L);
    ivs_lclient_refuse_closed(failure);
    return ivs_lfailure_return(L, failure);
  }
  ask_provider(L);
  const char *code = "CredentialRetrievalError";
  if (!client->is_open) return return_no_keys(L, ERROR, code, "the client was closed meanwhile");
  if (lua_isnil(L, KEYS)) return return_no_keys(L, ERROR, code, NULL);
  const char *problem = ivs_keys_take(L, KEYS, client, &code);
  if (problem) return return_no_keys(L, ERROR, code, problem);
  ivs_lclient_get(L, CLIENT, IVS_LCLIENT_SETTINGS);
  lua_getfield(L, -1, "describe");
  lua_call(L, 0, 1);
  return 1;
}

int ivs_blocking_get_recording_configuration(lua_State *L) {
  lua_settop(L, PARAMS);
  ivs_lclient_check(L, CLIENT);
  ivs_lcall *call = ivs_lcall_acquire(L, CLIENT);
  ivs_lcall_begin(L, call, PARAMS);
  for (;;) {
    switch (ivs_lcall_advance(L, call, CLIENT, CALL)) {
    case IVS_STEP_CREDENTIALS:
      if (call->client->is_open) ask_for_keys(L, call);
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
      sleep_for(call->core.delay);
      ivs_call_slept(&call->core);
      break;
    case IVS_STEP_DONE:
      ivs_lcall_release(L, CLIENT, CALL);
      return 1;
    default:
      ivs_lcall_release(L, CLIENT, CALL);
      lua_pushnil(L);
      lua_insert(L, -2);
      return 2;
    }
  }
}
