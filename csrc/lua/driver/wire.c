/* The steps of next.c, without tables for requests and responses. */
#include "lua/driver/wire.h"
#include "core/http1.h"
#include "lua/call.h"
#include "lua/client.h"
#include "lua/driver/http1.h"
#include "lua/message.h"

#include <string.h>

int ivs_lua_wire_begin(lua_State *L) {
  enum { CLIENT = 1, PARAMS = 2, SPARE = 3, OPERATION = 4 };
  const ivs_operation *operation = &ivs_operation_get_recording_configuration;
  lua_settop(L, OPERATION);
  const ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  if (!lua_isnil(L, SPARE)) {
    const ivs_lua_call *spare = ivs_lua_call_check(L, SPARE);
    const enum ivs_step step = spare->core.state;
    luaL_argcheck(L, spare->client == client && (step == IVS_STEP_DONE || step == IVS_STEP_FAILED), SPARE,
                  "a finished call of this client expected");
    ivs_lua_call_release(L, CLIENT, SPARE);
  }
  if (!lua_isnil(L, OPERATION)) operation = ivs_operation_find(luaL_checkstring(L, OPERATION));
  luaL_argcheck(L, operation, OPERATION, "an operation's name expected");
  ivs_lua_call *call = ivs_lua_call_acquire(L, CLIENT);
  ivs_lua_call_begin(L, call, operation, PARAMS);
  return 1;
}

/* Moves the response to the call. The reader gets the memory of the call's old response. */
static void take_reader(lua_State *L, ivs_lua_call *call, ivs_http1 *reader, int index) {
  const ivs_response before = call->core.response;
  if (!call->client->is_open) return; /* the next step is FAILED */
  luaL_argcheck(L, ivs_http1_is_done(reader), index, "the reader is not done");
  luaL_argcheck(L, reader->response.body.cap == before.body.cap, index, "the reader has a different cap");
  call->core.response = reader->response;
  reader->response = before;
  ivs_http1_reset(reader, false);
  ivs_call_response(&call->core);
}

static void report(lua_State *L, ivs_lua_call *call, int call_index, int result) {
  const char *problem = NULL;
  ivs_http1 *reader;
  switch (call->core.state) {
  case IVS_STEP_CREDENTIALS:
    ivs_lua_call_take_credentials(L, call, call_index, result);
    break;
  case IVS_STEP_EXCHANGE:
    reader = ivs_lua_http1_test(L, result);
    if (reader)
      take_reader(L, call, reader, result);
    else
      problem = ivs_lua_call_take_response(L, call, result);
    break;
  case IVS_STEP_SLEEP:
    ivs_call_slept(&call->core);
    break;
  default:
    break;
  }
  if (problem) luaL_argerror(L, result, problem);
}

int ivs_lua_wire_advance(lua_State *L) {
  enum { CALL = 1, RESULT = 2, REASON = 3, CLIENT = 4 };
  ivs_lua_call *call = ivs_lua_call_check(L, CALL);
  if (call->is_logging) return luaL_error(L, "advance must not be called by the logger of the same call");
  lua_settop(L, REASON);
  ivs_lua_compat_get_table(L, CALL);
  lua_rawgeti(L, -1, IVS_LUA_CALL_CLIENT);
  lua_replace(L, CLIENT);
  report(L, call, CALL, RESULT);
  const enum ivs_step step = ivs_lua_call_advance(L, call, CLIENT, CALL);
  const ivs_buffer *url = &call->core.request.url;
  lua_pushstring(L, ivs_step_name(step));
  if (step == IVS_STEP_DONE || step == IVS_STEP_FAILED) {
    lua_insert(L, -2);
    ivs_buffer_reset(&call->core.response.body); /* the call is kept for reuse, but not a large body */
    ivs_buffer_reset(&call->core.previous.body);
  } else if (step == IVS_STEP_CREDENTIALS)
    ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_PROVIDER);
  else if (step == IVS_STEP_EXCHANGE)
    lua_pushlstring(L, ivs_buffer_text(url), url->length);
  else
    lua_pushnumber(L, call->core.delay);
  return 2;
}

static const ivs_request *check_request(lua_State *L) {
  const ivs_lua_call *call = ivs_lua_call_check(L, 1);
  luaL_argcheck(L, call->core.state == IVS_STEP_EXCHANGE, 1, "the call's step is not \"exchange\"");
  return &call->core.request;
}

int ivs_lua_wire_request_table(lua_State *L) {
  check_request(L);
  ivs_lua_message_push_request(L, &ivs_lua_call_check(L, 1)->core);
  return 1;
}

static void add_line(luaL_Buffer *out, const char *line) {
  luaL_addlstring(out, "\r\n", 2);
  luaL_addstring(out, line);
}

/*
 * Returns two parts. The first one ends with the header that is different in each call: LuaJIT computes a
 * string's hash from a few of its bytes, including the last ones. Strings that are equal in those bytes would
 * form a long hash chain in its string table, and each new string would be compared with all of them.
 */
int ivs_lua_wire_request_text(lua_State *L) {
  enum { CALL = 1, ABSOLUTE = 2, AUTHORIZATION = 3 };
  static const char last[] = "amz-sdk-invocation-id:";
  const ivs_request *request = check_request(L);
  const char *authorization =
      lua_type(L, AUTHORIZATION) == LUA_TSTRING ? lua_tostring(L, AUTHORIZATION) : NULL;
  const ivs_buffer *url = &request->url;
  const size_t from = lua_toboolean(L, ABSOLUTE) ? 0 : request->target_at;
  const char *line, *last_line = NULL;
  luaL_Buffer out;
  lua_settop(L, AUTHORIZATION);
  luaL_buffinit(L, &out);
  luaL_addstring(&out, request->method);
  luaL_addchar(&out, ' ');
  luaL_addlstring(&out, url->data + from, url->length - from);
  luaL_addstring(&out, " HTTP/1.1");
  for (size_t at = 0; (line = ivs_request_next_header(request, &at));) {
    if (strncmp(line, last, sizeof last - 1) == 0)
      last_line = line;
    else
      add_line(&out, line);
  }
  if (authorization) {
    add_line(&out, "Proxy-Authorization: ");
    luaL_addstring(&out, authorization);
  }
  if (last_line) add_line(&out, last_line);
  luaL_pushresult(&out);
  luaL_buffinit(L, &out);
  luaL_addlstring(&out, "\r\n\r\n", 4);
  luaL_addlstring(&out, ivs_buffer_text(&request->body), request->body.length);
  luaL_pushresult(&out);
  return 2;
}
