/* The blocking driver: no rule of the call stands here, only how each step is done. */
#include "blocking.h"
#include "core/status.h"
#include "fetch.h"
#include "keys.h"
#include "lcall.h"
#include "lfailure.h"
#include "lmessage.h"
#include "params.h"
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
  ivs_lclient_get(L, CLIENT, IVS_LCLIENT_TRANSPORT);
  ivs_lmessage_push_request(L, &call->core);
  const int status = lua_pcall(L, 1, 2, 0);
  if (call->client->is_open) /* else the next step says that it has been closed */
    ivs_lmessage_take_transport(L, &call->core, top + 1, status);
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

static void ask_for_keys(lua_State *L, ivs_lcall *call) {
  const int top = lua_gettop(L);
  ask_provider(L);
  ivs_lcall_take_keys(L, call, CALL, top + 1);
  lua_settop(L, top);
}

int ivs_blocking_credentials(lua_State *L) {
  enum { KEYS = 2 };
  lua_settop(L, CLIENT);
  ivs_lclient *client = ivs_lclient_check(L, CLIENT);
  if (client->is_open)
    ask_provider(L);
  else
    lua_settop(L, KEYS + 1);
  if (!ivs_keys_receive(L, KEYS, client)) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  ivs_lclient_get(L, CLIENT, IVS_LCLIENT_SETTINGS);
  lua_getfield(L, -1, "describe");
  lua_call(L, 0, 1);
  return 1;
}

int ivs_blocking_get_recording_configuration(lua_State *L) {
  ivs_lclient_check(L, CLIENT);
  ivs_params_check_arguments(L, PARAMS);
  lua_settop(L, PARAMS);
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
