/* Creates a client for one call, and the call. */
#include "lua/service.h"
#include "lua/fields.h"
#include "core/status.h"
#include "lua/call.h"
#include "lua/failure.h"

#include <openssl/rand.h>

static const char *require_field(lua_State *L, int from, const char *name) {
  const char *text =
      ivs_lua_fields_string(L, from, name); /* the client keeps the settings table with the text alive */
  if (!text) luaL_error(L, "a service call needs the field '%s'", name);
  return text;
}

/* Builds the row of one call. Calls that obtain credentials are idempotent: a repeated one returns equivalent
 * credentials. */
static void read_operation(lua_State *L, int from, ivs_lua_call *call) {
  ivs_operation_error *error = call->service_errors;
  error->code = ivs_lua_fields_string(L, from, "transient_code");
  error->is_transient = true;
  lua_getfield(L, from, "credentials");
  call->service_operation = (ivs_operation){
      .name = require_field(L, from, "operation"),
      .path = "/",
      .content_type = require_field(L, from, "content_type"),
      .signing_service = lua_isnil(L, -1) ? NULL : require_field(L, from, "service"),
      .errors = call->service_errors,
      .is_idempotent = true,
  };
  lua_pop(L, 1);
}

/* Adds the texts of the list `secrets`, which the body contains. */
static int add_secrets(lua_State *L, int from, ivs_call *call) {
  int status = IVS_OK;
  lua_getfield(L, from, "secrets");
  const int count = lua_istable(L, -1) ? (int)lua_rawlen(L, -1) : 0;
  for (int i = 1; i <= count && !status; i++) {
    ivs_slice secret;
    lua_rawgeti(L, -1, i);
    secret.data = lua_tolstring(L, -1, &secret.length);
    if (secret.data) status = ivs_call_add_secret(call, secret);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return status;
}

int ivs_lua_service_call(lua_State *L) {
  enum { SETTINGS = 1, BODY = 2, CLOCK = 3 };
  const ivs_slice none = {NULL, 0};
  unsigned char random[16];
  size_t length;
  lua_settop(L, CLOCK);
  luaL_checktype(L, SETTINGS, LUA_TTABLE);
  const char *body = luaL_checklstring(L, BODY, &length);
  if (!ivs_lua_client_build(L, SETTINGS, CLOCK, require_field(L, SETTINGS, "service"))) return 2;
  ivs_lua_call *call = ivs_lua_call_acquire(L, lua_gettop(L));
  read_operation(L, SETTINGS, call);
  if (RAND_bytes(random, sizeof random) != 1)
    return ivs_lua_failure_raise(L, IVS_ECRYPTO, "generating an invocation ID");
  ivs_call_begin(&call->core, &call->service_operation, (ivs_slice){body, length}, none, random);
  const int status = add_secrets(L, SETTINGS, &call->core);
  if (status) {
    ivs_failure_from_status(&call->core.failure, status, "building the request");
    ivs_call_stop(&call->core);
  }
  return 1;
}
