/* The blocking driver: no rule of the call stands here, only how each step is done. */
#include "blocking.h"
#include "core/status.h"
#include "curl/easy.h"
#include "lcall.h"
#include "lfailure.h"

#include <errno.h>
#include <math.h>
#include <time.h>

enum { CLIENT = 1, PARAMS = 2, CALL = 3 };

static void close_easy(void *driver) {
  ivs_easy_close(driver);
}

static const char *text_setting(lua_State *L, int settings, const char *name) {
  lua_getfield(L, settings, name);
  const char *text = lua_tostring(L, -1);
  lua_pop(L, 1); /* the settings table keeps it alive */
  return text;
}

static bool flag_setting(lua_State *L, int settings, const char *name) {
  lua_getfield(L, settings, name);
  bool flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

/* libcurl is started at the first exchange: a client that never calls costs nothing. */
static ivs_easy *open_easy(lua_State *L, ivs_lclient *client, ivs_failure *failure) {
  if (client->driver) return client->driver;
  ivs_lclient_get(L, CLIENT, IVS_LCLIENT_SETTINGS);
  int from = lua_gettop(L);
  const ivs_easy_settings settings = {
      .connect_timeout = client->core.connect_timeout,
      .read_timeout = client->core.read_timeout,
      .proxy = text_setting(L, from, "proxy"),
      .no_proxy = text_setting(L, from, "no_proxy"),
      .ca_bundle = text_setting(L, from, "ca_bundle"),
      .client_cert = text_setting(L, from, "client_cert"),
      .client_key = text_setting(L, from, "client_key"),
      .verify = flag_setting(L, from, "verify"),
      .tcp_keepalive = flag_setting(L, from, "tcp_keepalive"),
  };
  ivs_easy *easy;
  int status = ivs_easy_open(&easy, &settings);
  lua_pop(L, 1);
  if (status) {
    ivs_failure_from_status(failure, status, "starting libcurl");
    return NULL;
  }
  client->driver = easy;
  client->close_driver = close_easy;
  return easy;
}

static void exchange_over_curl(lua_State *L, ivs_lcall *call) {
  ivs_call *core = &call->core;
  ivs_easy *easy = open_easy(L, call->client, &core->failure);
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
  ivs_lcall_push_request(L, call);
  if (lua_pcall(L, 1, 2, 0) == LUA_OK) {
    problem = ivs_lcall_take_answer(L, call, top + 1);
  } else {
    problem = lua_tostring(L, -1);
    if (!problem) problem = "it raised an error that is no text";
  }
  if (problem) {
    ivs_failure_format(&call->core.failure, IVS_KIND_CONNECTION, "HTTPClientError", "transport: %s", problem);
    ivs_call_stop(&call->core);
  }
  lua_settop(L, top);
}

static void ask_for_keys(lua_State *L, ivs_lcall *call) {
  const int top = lua_gettop(L);
  ivs_lclient_get(L, CLIENT, IVS_LCLIENT_PROVIDER);
  if (lua_pcall(L, 0, 2, 0) != LUA_OK) { /* the error takes the place of `nil, err` */
    lua_pushnil(L);
    lua_insert(L, -2);
  }
  ivs_lcall_take_keys(L, call, CALL, top + 1);
  lua_settop(L, top);
}

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

int ivs_blocking_get_recording_configuration(lua_State *L) {
  lua_settop(L, PARAMS);
  ivs_lclient_check(L, CLIENT);
  ivs_lcall *call = ivs_lcall_acquire(L, CLIENT);
  ivs_lcall_begin(L, call, PARAMS);
  for (;;) {
    switch (ivs_lcall_advance(L, call, CLIENT, CALL)) {
    case IVS_STEP_CREDENTIALS:
      ask_for_keys(L, call);
      break;
    case IVS_STEP_EXCHANGE:
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
