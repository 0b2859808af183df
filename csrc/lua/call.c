/* The steps of a call, with Lua values. */
#include "lua/call.h"
#include "core/status.h"
#include "lua/decode.h"
#include "lua/credentials.h"
#include "lua/failure.h"
#include "lua/message.h"
#include "lua/objects.h"
#include "lua/params.h"
#include "lua/provider.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int collect(lua_State *L) {
  ivs_lua_call *call = lua_touserdata(L, 1);
  ivs_lua_provider_release(call);
  ivs_call_free(&call->core);
  return 0;
}

static const char methods_key;

static int find_method(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &methods_key);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {"__index", find_method}, {NULL, NULL}};
static const ivs_object_type call_type = {"ivs.call", metamethods};

void ivs_lua_call_register(lua_State *L) {
  lua_rawsetp(L, LUA_REGISTRYINDEX, &methods_key);
  ivs_lua_objects_register(L, &call_type);
}

ivs_lua_call *ivs_lua_call_check(lua_State *L, int index) {
  return ivs_lua_objects_check(L, index, &call_type);
}

ivs_lua_call *ivs_lua_call_acquire(lua_State *L, int client_index) {
  ivs_lua_client *client = ivs_lua_client_check(L, client_index);
  ivs_lua_compat_get_table(L, client_index);
  lua_rawgeti(L, -1, IVS_LUA_CLIENT_IDLE_CALL);
  if (!lua_isnil(L, -1)) {
    lua_pushnil(L);
    lua_rawseti(L, -3, IVS_LUA_CLIENT_IDLE_CALL);
    lua_remove(L, -2);
    return lua_touserdata(L, -1);
  }
  lua_pop(L, 2);
  ivs_lua_call *call = ivs_lua_objects_new(L, &call_type, sizeof *call);
  ivs_call_init(&call->core, &client->core, client->max_response_bytes);
  call->client = client;
  ivs_lua_compat_get_table(L, -1);
  lua_pushvalue(L, client_index);
  lua_rawseti(L, -2, IVS_LUA_CALL_CLIENT);
  lua_pop(L, 1);
  return call;
}

/* Stores the provider's error in the call's own table: pops it if `found`, else stores nil. */
static void keep_provider_error(lua_State *L, ivs_lua_call *call, int call_index, bool found) {
  if (!found) lua_pushnil(L);
  ivs_lua_compat_get_table(L, call_index);
  lua_insert(L, -2);
  lua_rawseti(L, -2, IVS_LUA_CALL_PROVIDER_ERROR);
  lua_pop(L, 1);
  call->has_provider_error = found;
}

void ivs_lua_call_release(lua_State *L, int client_index, int call_index) {
  ivs_lua_call *call = lua_touserdata(L, call_index);
  if (!call->client->is_open) return;
  ivs_call_reset(&call->core);
  call_index = lua_absindex(L, call_index);
  if (call->has_provider_error) keep_provider_error(L, call, call_index, false);
  ivs_lua_compat_get_table(L, client_index);
  lua_pushvalue(L, call_index);
  lua_rawseti(L, -2, IVS_LUA_CLIENT_IDLE_CALL);
  lua_pop(L, 1);
}

/* ---- randomness ---- */

static double call_number(lua_State *L, int client_index, int slot) {
  ivs_lua_client_get(L, client_index, slot);
  lua_call(L, 0, 1);
  double number = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return number;
}

/* The loop's random number, clamped to [0, 1]; NaN becomes 0. */
static double call_fraction(lua_State *L, int client_index) {
  return fmin(fmax(call_number(L, client_index, IVS_LUA_CLIENT_RANDOM), 0), 1);
}

/* Generates a number only if a retry delay may need it. */
static double read_random(lua_State *L, const ivs_lua_call *call, int client_index) {
  uint32_t word;
  if (!ivs_call_needs_random(&call->core)) return 0;
  if (call->client->has_random) return call_fraction(L, client_index);
  if (!ivs_lua_client_take_random(call->client, &word, sizeof word)) return 0.5;
  return word / 4294967296.0;
}

static void read_random_bytes(lua_State *L, const ivs_lua_call *call, unsigned char out[16]) {
  const ivs_lua_client *client = call->client;
  if (!client->has_random && ivs_lua_client_take_random(call->client, out, 16)) return;
  ivs_lua_compat_get_table(L, lua_gettop(L)); /* the call is at the top */
  lua_rawgeti(L, -1, IVS_LUA_CALL_CLIENT);
  for (int i = 0; i < 16; i++)
    out[i] = client->has_random
                 ? (unsigned char)(call_number(L, lua_gettop(L), IVS_LUA_CLIENT_RANDOM) * 255.99)
                 : 0;
  lua_pop(L, 2);
}

/* ---- steps ---- */

/* Calls the client's logger, if there is one. */
static void log_text(lua_State *L, ivs_lua_call *call, int client_index, const char *level,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

static void log_text(lua_State *L, ivs_lua_call *call, int client_index, const char *level,
                     const char *format, ...) {
  char text[1024];
  const ivs_lua_client *client = call->client;
  if (!client->has_logger || !client->is_open) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  ivs_lua_client_get(L, client_index, IVS_LUA_CLIENT_LOGGER); /* lua/ivs/logging.lua catches its errors */
  lua_pushstring(L, level);
  lua_pushstring(L, text);
  call->is_logging = true;
  lua_call(L, 2, 0);
  call->is_logging = false;
}

void ivs_lua_call_begin(lua_State *L, ivs_lua_call *call, const ivs_operation *operation, int params_index) {
  ivs_argument arguments[IVS_OPERATION_PARAMETERS_MAX];
  unsigned char random[16];
  ivs_call *core = &call->core;
  const int call_index = lua_gettop(L);
  core->operation = operation;
  read_random_bytes(L, call, random);
  if (!call->client->is_open) {
    ivs_lua_client_refuse_closed(&core->failure);
  } else if (ivs_lua_params_read(L, params_index, operation, arguments, &core->failure)) {
    ivs_call_begin_with_arguments(core, operation, arguments, random);
    lua_settop(L, call_index);
    return;
  }
  lua_settop(L, call_index);
  ivs_call_stop(core);
}

/* Pushes the call's error object. A call without credentials fails with the provider's error object, which
 * has more details. If the provider returned another table, only its `causes` are used. */
static void push_failed(lua_State *L, const ivs_lua_call *call, int call_index) {
  ivs_lua_failure_push_call(L, &call->core);
  if (!call->has_provider_error) return;
  ivs_lua_compat_get_table(L, call_index);
  lua_rawgeti(L, -1, IVS_LUA_CALL_PROVIDER_ERROR);
  lua_remove(L, -2);
  if (ivs_lua_failure_is(L, -1)) {
    ivs_lua_failure_set_operation(L, -1, call->core.operation->name);
    lua_remove(L, -2);
  } else {
    lua_pushliteral(L, "causes"); /* raw: the table may have metamethods */
    lua_rawget(L, -2);
    if (!lua_istable(L, -1)) {
      lua_pop(L, 1);
      lua_pushnil(L);
    }
    lua_setfield(L, -3, "causes");
    lua_pop(L, 1);
  }
}

/* Logs why an attempt failed. A service's message is not logged: for an invalid signature it contains the
 * canonical request with the session token. The code is logged up to its first invalid character. */
static void log_failure(lua_State *L, ivs_lua_call *call, int client_index, enum ivs_step step) {
  char what[IVS_CODE_MAX + 512];
  const ivs_call *core = &call->core;
  const ivs_failure *failure = &core->failure;
  int code = (int)strspn(failure->code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._");
  if (failure->kind == IVS_KIND_SERVICE)
    snprintf(what, sizeof what, "%.*s, HTTP status %d", code, failure->code, core->response.status);
  else
    snprintf(what, sizeof what, "%.*s: %s", code, failure->code, ivs_buffer_text(&failure->message));
  if (step == IVS_STEP_SLEEP)
    log_text(L, call, client_index, "info", "attempt %d failed (%s); sending again in %.3f s", core->attempts,
             what, core->delay);
  else
    log_text(L, call, client_index, "warn", "failed after %d attempt(s): %s", core->attempts, what);
}

static void log_step(lua_State *L, ivs_lua_call *call, int client_index, enum ivs_step step) {
  const ivs_call *core = &call->core;
  if (!call->client->has_logger) return;
  if (step == IVS_STEP_EXCHANGE)
    log_text(L, call, client_index, "debug", "attempt %d: %s %s", core->attempts, core->request.method,
             ivs_buffer_text(&core->request.url));
  else if (step == IVS_STEP_CREDENTIALS)
    log_text(L, call, client_index, "debug", "requesting credentials");
  else if (step == IVS_STEP_SLEEP && core->is_pacing)
    log_text(L, call, client_index, "debug", "waiting %.3f s for the rate limit", core->delay);
  else if (step == IVS_STEP_SLEEP || step == IVS_STEP_FAILED)
    log_failure(L, call, client_index, step);
  else if (step == IVS_STEP_DONE)
    log_text(L, call, client_index, "debug", "attempt %d: HTTP %d", core->attempts, core->response.status);
}

enum ivs_step ivs_lua_call_advance(lua_State *L, ivs_lua_call *call, int client_index, int call_index) {
  for (;;) {
    const ivs_lua_client *client = call->client;
    if (!client->is_open && call->core.state != IVS_STEP_DONE && call->core.state != IVS_STEP_FAILED) {
      ivs_lua_client_refuse_closed(&call->core.failure);
      ivs_call_stop(&call->core);
    }
    const double random = read_random(L, call, client_index),
                 now = ivs_lua_client_now(L, client, client_index);
    enum ivs_step step = ivs_call_next(&call->core, now, random);
    if (step == IVS_STEP_EXCHANGE && call->has_provider_error)
      keep_provider_error(L, call, call_index, false);
    if (step == IVS_STEP_CREDENTIALS && call->shares_credentials) {
      const enum ivs_lua_provider_turn turn =
          ivs_lua_provider_take_turn(L, call, client_index, call_index, now);
      if (turn == IVS_LUA_PROVIDER_REPORTED) continue;
      if (turn == IVS_LUA_PROVIDER_WAIT) {
        call->core.delay = IVS_LUA_PROVIDER_PAUSE;
        log_text(L, call, client_index, "debug", "waiting for credentials that another call is requesting");
        return IVS_STEP_SLEEP;
      }
    }
    const bool has_output = call->core.operation->output != NULL;
    if (step == IVS_STEP_DECODE && has_output) {
      ivs_lua_decode_step(L, &call->core);
      continue;
    }
    if (step == IVS_STEP_DONE && !has_output) ivs_lua_message_push_response(L, &call->core.response);
    if (step == IVS_STEP_DONE && has_output) ivs_lua_decode_add_metadata(L, &call->core);
    if (step == IVS_STEP_FAILED) push_failed(L, call, call_index);
    log_step(L, call, client_index, step);
    return step;
  }
}

void ivs_lua_call_take_credentials(lua_State *L, ivs_lua_call *call, int call_index, int index) {
  const int top = lua_gettop(L);
  if (!call->client->is_open) return; /* the next step is FAILED */
  index = lua_absindex(L, index);
  call_index = lua_absindex(L, call_index);
  if (ivs_lua_credentials_receive(L, index, call->client)) {
    ivs_call_credentials(&call->core);
    ivs_lua_provider_finish(L, call, call_index, 0);
    return;
  }
  const ivs_lua_failure_view view = ivs_lua_failure_read(L, -1);
  const bool has_own_error = lua_isnil(L, index) && lua_istable(L, index + 1);
  ivs_call_no_credentials(&call->core, view.kind, view.code, view.message);
  ivs_lua_provider_finish(L, call, call_index, has_own_error ? index + 1 : lua_gettop(L));
  if (has_own_error) {
    lua_pushvalue(L, index + 1);
    keep_provider_error(L, call, call_index, true);
  }
  lua_settop(L, top);
}

const char *ivs_lua_call_take_response(lua_State *L, ivs_lua_call *call, int index) {
  if (!call->client->is_open) return NULL; /* the next step is FAILED */
  return ivs_lua_message_take_response(L, &call->core, index);
}
