/* Tables to and from the messages of core/message.h. */
#include "lmessage.h"
#include "core/status.h"
#include "lfailure.h"

#include <math.h>
#include <string.h>

void ivs_lmessage_push_request(lua_State *L, const ivs_call *call) {
  const ivs_request *request = &call->request;
  const char *line;
  lua_createtable(L, 0, 6);
  lua_pushstring(L, request->method);
  lua_setfield(L, -2, "method");
  lua_pushlstring(L, ivs_buffer_text(&request->url), request->url.length);
  lua_setfield(L, -2, "url");
  lua_pushlstring(L, ivs_buffer_text(&request->body), request->body.length);
  lua_setfield(L, -2, "body");
  lua_pushnumber(L, call->client->connect_timeout);
  lua_setfield(L, -2, "connect_timeout");
  lua_pushnumber(L, call->client->read_timeout);
  lua_setfield(L, -2, "read_timeout");
  lua_createtable(L, 0, 12);
  for (size_t at = 0; (line = ivs_request_next_header(request, &at));) {
    const char *colon = strchr(line, ':');
    lua_pushlstring(L, line, (size_t)(colon - line));
    lua_pushstring(L, colon + 2);
    lua_rawset(L, -3);
  }
  lua_setfield(L, -2, "headers");
}

void ivs_lmessage_push_response(lua_State *L, const ivs_response *response) {
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, response->status);
  lua_setfield(L, -2, "status");
  ivs_lfailure_push_headers(L, response);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, ivs_buffer_text(&response->body), response->body.length);
  lua_setfield(L, -2, "body");
}

/* ---- an answer ---- */

/* IVS_EINVAL: *problem says what is wrong with the table. IVS_ETOOBIG: *problem says what is too large. */
static int take_headers(lua_State *L, int headers, ivs_response *response, const char **problem) {
  lua_pushnil(L);
  while (lua_next(L, headers)) {
    ivs_slice name = {NULL, 0}, value = {NULL, 0};
    *problem = "headers have to be a table of name → string";
    if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1)) return IVS_EINVAL;
    name.data = lua_tolstring(L, -2, &name.length);
    value.data = lua_tolstring(L, -1, &value.length);
    int status = ivs_response_add_header(response, name, value);
    *problem = status == IVS_ETOOBIG ? "The response's headers are larger than 64 KiB"
                                     : "a header's name or value is malformed";
    if (status) return status;
    lua_pop(L, 1);
  }
  return IVS_OK;
}

/* Answers are plain tables: no metamethod of theirs runs in the middle of a call. */
static void raw_field(lua_State *L, int index, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, index);
}

static int take_body(lua_State *L, int index, ivs_response *response, const char **problem) {
  raw_field(L, index, "body");
  if (lua_isnil(L, -1)) return IVS_OK;
  size_t length;
  const char *body = lua_tolstring(L, -1, &length);
  *problem =
      body ? "The response is larger than allowed (see max_response_bytes)" : "body has to be a string";
  return body ? ivs_buffer_set(&response->body, body, length) : IVS_EINVAL;
}

/* Fills the response from the table. As take_headers; what it leaves on the stack the caller pops. */
static int take_response(lua_State *L, int index, ivs_response *response, const char **problem) {
  ivs_response_reset(response);
  raw_field(L, index, "status");
  double status = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
  *problem = "status has to be an HTTP status";
  if (!(status >= 100 && status <= 999 && status == floor(status))) return IVS_EINVAL;
  raw_field(L, index, "headers");
  *problem = "headers have to be a table";
  int taken = lua_isnil(L, -1)     ? IVS_OK
              : lua_istable(L, -1) ? take_headers(L, lua_gettop(L), response, problem)
                                   : IVS_EINVAL;
  if (!taken) taken = take_body(L, index, response, problem);
  if (!taken) response->status = (int)status;
  return taken;
}

static void report_unusable(ivs_call *call, int status, const char *problem) {
  if (status == IVS_ETOOBIG) {
    ivs_call_fault(call, IVS_KIND_RESPONSE, ivs_text_slice("ResponseParserError"), ivs_text_slice(problem));
    return;
  }
  ivs_failure_from_status(&call->failure, status, "reading the transport's answer");
  ivs_call_fault_as_set(call);
}

/* The error at the index, or whatever is there in its place. One that says that it is not retryable ends the call. */
static void take_fault(lua_State *L, ivs_call *call, int index) {
  ivs_lfailure_push_whole(L, index, IVS_KIND_CONNECTION, "EndpointConnectionError",
                          "the transport gave no answer and no reason", true);
  const ivs_lfailure_view view = ivs_lfailure_read(L, -1);
  if (view.retryable) {
    ivs_call_fault(call, view.kind, view.code, view.message);
  } else {
    ivs_failure_set(&call->failure, view.kind, view.code, view.message);
    ivs_call_stop(call);
  }
  lua_pop(L, 1);
}

const char *ivs_lmessage_take_answer(lua_State *L, ivs_call *call, int index) {
  const char *problem = NULL;
  const int top = lua_gettop(L);
  index = lua_absindex(L, index);
  if (lua_isnil(L, index)) {
    take_fault(L, call, index + 1);
    return NULL;
  }
  if (!lua_istable(L, index))
    return "an answer has to be a table { status, headers, body }, or nil and an error";
  int status = take_response(L, index, &call->response, &problem);
  lua_settop(L, top);
  if (!status) {
    ivs_call_response(call);
    return NULL;
  }
  ivs_response_reset(&call->response);
  if (status == IVS_EINVAL) return problem;
  report_unusable(call, status, problem);
  return NULL;
}
