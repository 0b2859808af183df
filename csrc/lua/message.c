/* Tables to and from the messages of core/message.h. */
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

/* ---- an answer ---- */

/* IVS_EINVAL: *problem tells what is wrong with the table. IVS_ETOOBIG: *problem tells what is too large. */
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

/* What reading an answer came to. */
typedef struct reading {
  int status;          /* IVS_OK: the response is filled; else it is empty */
  const char *problem; /* IVS_EINVAL: what is wrong with the answer; else the failure is set */
} reading;

/* The error in an answer's place, into the failure. */
static void take_fault(lua_State *L, int index, ivs_failure *failure) {
  ivs_lua_failure_push_whole(L, index, IVS_KIND_CONNECTION, "EndpointConnectionError",
                             "the transport gave no answer and no reason", true);
  const ivs_lua_failure_view view = ivs_lua_failure_read(L, -1);
  ivs_failure_set(failure, view.kind, view.code, view.message);
  failure->retryable = view.retryable;
  lua_pop(L, 1);
}

static void set_unusable(ivs_failure *failure, int status, const char *problem) {
  if (status == IVS_ETOOBIG)
    ivs_failure_format(failure, IVS_KIND_RESPONSE, "ResponseParserError", "%s", problem);
  else
    ivs_failure_from_status(failure, status, "reading the transport's answer");
  if (status == IVS_ETOOBIG) failure->retryable = true;
}

/* Reads the answer at the index, or nil there and an error after it. */
static reading read_answer(lua_State *L, int index, ivs_response *response, ivs_failure *failure) {
  const int top = lua_gettop(L);
  reading result = {IVS_EINVAL, "an answer has to be a table { status, headers, body }, or nil and an error"};
  if (lua_isnil(L, index)) {
    take_fault(L, index + 1, failure);
    return (reading){IVS_EREFUSED, NULL};
  }
  if (!lua_istable(L, index)) return result;
  result.status = take_response(L, index, response, &result.problem);
  lua_settop(L, top);
  if (!result.status) return result;
  ivs_response_reset(response);
  if (result.status != IVS_EINVAL) set_unusable(failure, result.status, result.problem);
  return result;
}

/* An answer that is none, or an error that was raised. The same request would be answered alike. */
static void set_broken(ivs_failure *failure, const char *source, const char *problem) {
  ivs_failure_format(failure, IVS_KIND_CONNECTION, "HTTPClientError", "%s: %s", source, problem);
}

/* The error at the index, which was raised. */
static void set_raised(lua_State *L, int index, const char *source, ivs_failure *failure) {
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
  set_broken(failure, source, text ? text : "it raised an error that is no text");
}

/* What the call makes of a reading: an answer, a fault that the core judges by its kind, or, where the kind is one that
 * passes and the error says that this one doesn't, the end. */
static void report(ivs_call *call, int status) {
  const enum ivs_kind kind = call->failure.kind;
  const bool passes = kind == IVS_KIND_CONNECTION || kind == IVS_KIND_TIMEOUT || kind == IVS_KIND_RESPONSE;
  if (!status)
    ivs_call_response(call);
  else if (passes && !call->failure.retryable)
    ivs_call_stop(call);
  else
    ivs_call_fault_as_set(call);
  if (kind != IVS_KIND_INTERNAL) call->failure.retryable = false;
}

const char *ivs_lua_message_take_answer(lua_State *L, ivs_call *call, int index) {
  const reading result = read_answer(L, lua_absindex(L, index), &call->response, &call->failure);
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
  const reading result = read_answer(L, index, &call->response, &call->failure);
  if (result.status == IVS_EINVAL) set_broken(&call->failure, source, result.problem);
  report(call, result.status);
}

/* ---- for Lua ---- */

typedef struct answer {
  ivs_response response;
  ivs_failure failure;
} answer;

static int collect(lua_State *L) {
  answer *read = lua_touserdata(L, 1);
  ivs_response_free(&read->response);
  ivs_failure_free(&read->failure);
  return 0;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const ivs_object_type answer_type = {"ivs.answer", metamethods};

void ivs_lua_message_register(lua_State *L) {
  ivs_lua_objects_register(L, &answer_type);
}

int ivs_lua_message_read_answer(lua_State *L) {
  enum { SOURCE = 1, CAP = 2, RETURNED = 3, ANSWER = 4, ERROR = 5 };
  const char *source = luaL_checkstring(L, SOURCE);
  const double cap = luaL_checknumber(L, CAP);
  lua_settop(L, ERROR);
  answer *read = ivs_lua_objects_new(L, &answer_type, sizeof *read);
  ivs_response_init(&read->response, (size_t)cap);
  ivs_failure_init(&read->failure);
  reading result = {IVS_EREFUSED, NULL};
  if (lua_toboolean(L, RETURNED))
    result = read_answer(L, ANSWER, &read->response, &read->failure);
  else
    set_raised(L, ANSWER, source, &read->failure);
  if (result.status == IVS_EINVAL) set_broken(&read->failure, source, result.problem);
  if (!result.status) ivs_lua_message_push_response(L, &read->response);
  ivs_response_free(&read->response); /* now: a body may be large, and the collector does not know of it */
  return result.status ? ivs_lua_failure_return(L, &read->failure) : 1;
}
