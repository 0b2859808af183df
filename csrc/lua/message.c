/* Converts between Lua tables and the messages of core/message.h. */
#include "lua/message.h"
#include "core/status.h"
#include "lua/failure.h"
#include "lua/headers.h"
#include "lua/objects.h"

#include <math.h>
#include <string.h>

void ivs_lua_message_push_request(lua_State *L, const ivs_call *call) {
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

void ivs_lua_message_push_response(lua_State *L, const ivs_response *response) {
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, response->status);
  lua_setfield(L, -2, "status");
  ivs_lua_failure_push_headers(L, response);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, ivs_buffer_text(&response->body), response->body.length);
  lua_setfield(L, -2, "body");
}

/* ---- a response ---- */

/* IVS_EINVAL: *problem is the error in the table. IVS_ETOOBIG: *problem is the message for a response that is
 * too large. */
static int take_headers(lua_State *L, int headers, ivs_response *response, const char **problem) {
  ivs_lua_header header;
  *problem = NULL;
  for (lua_pushnil(L); ivs_lua_headers_next(L, headers, &header, problem); lua_pop(L, 1)) {
    int status = ivs_response_add_header(response, header.name, header.value);
    if (!status) continue;
    *problem = status == IVS_ETOOBIG ? "The response's headers are larger than 64 KiB"
                                     : "a header's name or value is malformed";
    return status;
  }
  return *problem ? IVS_EINVAL : IVS_OK;
}

/* Raw access, so that no metamethod of the response runs within a call. */
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

/* Fills the response from the table. Returns like take_headers. The caller restores the stack. */
static int take_response(lua_State *L, int index, ivs_response *response, const char **problem) {
  ivs_response_reset(response);
  raw_field(L, index, "status");
  double status = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
  *problem = "status has to be an HTTP status code";
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

/* The result of reading a response. */
typedef struct reading {
  int status;          /* IVS_OK: the response is filled; otherwise it is empty */
  const char *problem; /* set for IVS_EINVAL; otherwise the failure is set */
} reading;

/* Sets the failure from the returned error. */
static void take_error(lua_State *L, int index, ivs_failure *failure) {
  ivs_lua_failure_push_whole(L, index, IVS_KIND_CONNECTION, "EndpointConnectionError",
                             "the transport returned neither a response nor an error", true);
  const ivs_lua_failure_view view = ivs_lua_failure_read(L, -1);
  ivs_failure_set(failure, view.kind, view.code, view.message);
  failure->retryable = view.retryable;
  lua_pop(L, 1);
}

static void set_unreadable(ivs_failure *failure, int status, const char *problem) {
  if (status != IVS_ETOOBIG) {
    ivs_failure_from_status(failure, status, "reading the transport's response");
    return;
  }
  ivs_failure_format(failure, IVS_KIND_RESPONSE, "ResponseParserError", "%s", problem);
  failure->retryable = true;
}

/* Reads the response at the index, or nil there and an error after it. */
static reading read_response(lua_State *L, int index, ivs_response *response, ivs_failure *failure) {
  const int top = lua_gettop(L);
  reading result = {IVS_EINVAL,
                    "a response has to be a table { status, headers, body }, or nil and an error"};
  if (lua_isnil(L, index)) {
    take_error(L, index + 1, failure);
    return (reading){IVS_EREFUSED, NULL};
  }
  if (!lua_istable(L, index)) return result;
  result.status = take_response(L, index, response, &result.problem);
  lua_settop(L, top);
  if (!result.status) return result;
  ivs_response_reset(response);
  if (result.status != IVS_EINVAL) set_unreadable(failure, result.status, result.problem);
  return result;
}

/* Sets the failure for an invalid result or a raised error. It is not retryable: the same request would have
 * the same result. */
static void set_invalid(ivs_failure *failure, const char *source, const char *problem) {
  ivs_failure_format(failure, IVS_KIND_CONNECTION, "HTTPClientError", "%s: %s", source, problem);
}

/* Sets the failure for the raised error at the index. */
static void set_raised(lua_State *L, int index, const char *source, ivs_failure *failure) {
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
  set_invalid(failure, source, text ? text : "it raised an error that is not a string");
}

/* Reports the result to the call. The core retries errors of a transient kind; one with retryable = false
 * ends the call here. */
static void report(ivs_call *call, int status) {
  const enum ivs_kind kind = call->failure.kind;
  const bool is_transient =
      kind == IVS_KIND_CONNECTION || kind == IVS_KIND_TIMEOUT || kind == IVS_KIND_RESPONSE;
  if (!status)
    ivs_call_response(call);
  else if (is_transient && !call->failure.retryable)
    ivs_call_stop(call);
  else
    ivs_call_no_response_as_set(call);
  if (kind != IVS_KIND_INTERNAL) call->failure.retryable = false;
}

const char *ivs_lua_message_take_response(lua_State *L, ivs_call *call, int index) {
  const reading result = read_response(L, lua_absindex(L, index), &call->response, &call->failure);
  if (result.status == IVS_EINVAL) return result.problem;
  report(call, result.status);
  return NULL;
}

void ivs_lua_message_take_transport(lua_State *L, ivs_call *call, int index, int returned) {
  static const char source[] = "transport";
  index = lua_absindex(L, index);
  if (returned != LUA_OK) {
    if (returned == LUA_ERRMEM)
      ivs_failure_from_status(&call->failure, IVS_ENOMEM, "running the transport");
    else
      set_raised(L, index, source, &call->failure);
    ivs_call_stop(call);
    return;
  }
  const reading result = read_response(L, index, &call->response, &call->failure);
  if (result.status == IVS_EINVAL) set_invalid(&call->failure, source, result.problem);
  report(call, result.status);
}

/* ---- for Lua ---- */

typedef struct response_reader {
  ivs_response response;
  ivs_failure failure;
} response_reader;

static int collect(lua_State *L) {
  response_reader *reader = lua_touserdata(L, 1);
  ivs_response_free(&reader->response);
  ivs_failure_free(&reader->failure);
  return 0;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const ivs_object_type reader_type = {"ivs.response_reader", metamethods};

void ivs_lua_message_register(lua_State *L) {
  ivs_lua_objects_register(L, &reader_type);
}

int ivs_lua_message_read_response(lua_State *L) {
  enum { SOURCE = 1, CAP = 2, RETURNED = 3, RESPONSE = 4, ERROR = 5 };
  const char *source = luaL_checkstring(L, SOURCE);
  const double cap = luaL_checknumber(L, CAP);
  lua_settop(L, ERROR);
  response_reader *reader = ivs_lua_objects_new(L, &reader_type, sizeof *reader);
  ivs_response_init(&reader->response, (size_t)cap);
  ivs_failure_init(&reader->failure);
  reading result = {IVS_EREFUSED, NULL};
  if (lua_toboolean(L, RETURNED))
    result = read_response(L, RESPONSE, &reader->response, &reader->failure);
  else
    set_raised(L, RESPONSE, source, &reader->failure);
  if (result.status == IVS_EINVAL) set_invalid(&reader->failure, source, result.problem);
  if (!result.status) ivs_lua_message_push_response(L, &reader->response);
  ivs_response_free(
      &reader->response); /* now: the body may be large, and the garbage collector does not know its size */
  return result.status ? ivs_lua_failure_return(L, &reader->failure) : 1;
}
