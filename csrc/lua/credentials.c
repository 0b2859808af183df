/* Reads the core's credentials from a Lua table. */
#include "lua/credentials.h"
#include "core/timestamp.h"
#include "core/status.h"
#include "lua/failure.h"
#include "lua/protect.h"

/* Leaves the value on the stack, which keeps a string alive that a metamethod has created. */
static bool push_text(lua_State *L, int index, const char *name, ivs_slice *out) {
  *out = (ivs_slice){"", 0};
  lua_getfield(L, index, name);
  int type = lua_type(L, -1);
  if (type == LUA_TSTRING) out->data = lua_tolstring(L, -1, &out->length);
  return type == LUA_TSTRING || type == LUA_TNIL;
}

/* Reads seconds since 1970 or ISO 8601 text; 0 if the field is nil. False if it is invalid. */
static bool read_expiration(lua_State *L, int index, double *out) {
  bool is_valid = true;
  *out = 0;
  lua_getfield(L, index, "expiration");
  if (lua_type(L, -1) == LUA_TNUMBER) {
    *out = lua_tonumber(L, -1);
    is_valid = *out > 0 && *out < 1e15;
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    ivs_slice text;
    text.data = lua_tolstring(L, -1, &text.length);
    is_valid = ivs_timestamp_parse_iso8601(text, out);
  } else {
    is_valid = lua_isnil(L, -1);
  }
  lua_pop(L, 1);
  return is_valid;
}

/* Reads the table at the index. The caller restores the stack. */
static const char *take(lua_State *L, int index, ivs_lua_client *client, const char **code) {
  ivs_slice id, secret, token;
  double expiration;
  if (!push_text(L, index, "access_key_id", &id)) return "access_key_id has to be a string";
  if (!push_text(L, index, "secret_access_key", &secret)) return "secret_access_key has to be a string";
  if (!push_text(L, index, "session_token", &token)) return "session_token has to be a string";
  if (!read_expiration(L, index, &expiration))
    return "expiration has to be ISO 8601 text or seconds since 1970";
  *code = "PartialCredentialsError";
  if (!id.length) return "access_key_id is missing";
  if (!secret.length) return "secret_access_key is missing";
  *code = "CredentialRetrievalError";
  if (!client->is_open) return "the client is closed";
  switch (ivs_credentials_set(&client->core.credentials, id, secret, token, expiration)) {
  case IVS_OK:
    return NULL;
  case IVS_EINVAL:
    return "the access key id, the secret access key or the token has a control character (CR, LF, NUL, …)";
  case IVS_ETOOBIG:
    return "the access key id, the secret access key or the token is too long";
  default:
    *code = "OutOfMemoryError";
    return "out of memory while storing the credentials";
  }
}

const char *ivs_lua_credentials_take(lua_State *L, int index, ivs_lua_client *client, const char **code) {
  *code = "CredentialRetrievalError";
  if (!lua_istable(L, index)) return "credentials have to be a table { access_key_id, secret_access_key, … }";
  const int top = lua_gettop(L);
  const char *problem = take(L, lua_absindex(L, index), client, code);
  lua_settop(L, top);
  return problem;
}

/* (credentials, client) → nothing, or code and problem. To be called with lua_pcall. */
static int take_protected(lua_State *L) {
  const char *code, *problem = ivs_lua_credentials_take(L, 1, lua_touserdata(L, 2), &code);
  if (!problem) return 0;
  lua_pushstring(L, code);
  lua_pushstring(L, problem);
  return 2;
}

static void push_closed(lua_State *L) {
  ivs_failure *failure = ivs_lua_failure_new(L);
  ivs_lua_client_refuse_closed(failure);
  ivs_lua_failure_return(L, failure);
}

bool ivs_lua_credentials_receive(lua_State *L, int index, ivs_lua_client *client) {
  const char *code = "CredentialRetrievalError";
  const char *problem = "the credentials provider returned neither credentials nor an error";
  int error = lua_absindex(L, index) + 1;
  if (client->is_open && !lua_isnil(L, index)) {
    lua_pushcfunction(L, take_protected);
    lua_pushvalue(L, error - 1);
    lua_pushlightuserdata(L, client);
    if (ivs_lua_protect_call(L, 2, 2) != LUA_OK) { /* a metamethod raised it */
      error = lua_gettop(L);
    } else if (lua_isnil(L, -1)) {
      lua_pop(L, 2);
      return true;
    } else {
      code = lua_tostring(L, -2);
      problem = lua_tostring(L, -1);
      lua_pushnil(L);
      error = lua_gettop(L);
    }
  }
  if (client->is_open)
    ivs_lua_failure_push_whole(L, error, IVS_KIND_CREDENTIALS, code, problem, false);
  else
    push_closed(L);
  return false;
}
