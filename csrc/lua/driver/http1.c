/* The response reader as a userdata, and the request as text. */
#include "lua/driver/http1.h"
#include "lua/fields.h"
#include "lua/headers.h"
#include "core/status.h"
#include "core/uri.h"
#include "lua/message.h"
#include "lua/objects.h"

enum { READER = 1, REQUEST_MAX = 2 * 1024 * 1024 };

static int collect(lua_State *L) {
  ivs_http1_free(lua_touserdata(L, READER));
  return 0;
}

static int find_method(lua_State *L) {
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  return 1;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const ivs_object_type reader_type = {"ivs.http_reader", metamethods};

static ivs_http1 *check_reader(lua_State *L) {
  return ivs_lua_objects_check(L, READER, &reader_type);
}

ivs_http1 *ivs_lua_http1_test(lua_State *L, int index) {
  return ivs_lua_objects_test(L, index, &reader_type);
}

static size_t check_cap(lua_State *L, int index) {
  lua_Number cap = luaL_checknumber(L, index);
  luaL_argcheck(L, cap >= 0 && cap <= 1024 * 1024 * 1024, index, "a number of bytes, at most 1 GiB");
  return (size_t)cap;
}

static int push_progress(lua_State *L, const ivs_http1 *reader, int status) {
  if (!status) {
    lua_pushstring(L, ivs_http1_is_done(reader) ? "done" : "more");
    return 1;
  }
  const char *what = status == IVS_ETOOBIG ? "too large" : status == IVS_ENOMEM ? "memory" : "malformed";
  lua_pushnil(L);
  lua_pushstring(L, reader->problem);
  lua_pushstring(L, reader->truncated ? "closed" : what);
  return 3;
}

static int feed(lua_State *L) {
  size_t length;
  ivs_http1 *reader = check_reader(L);
  const char *bytes = luaL_checklstring(L, 2, &length);
  return push_progress(L, reader, ivs_http1_feed(reader, bytes, length));
}

static int close_reader(lua_State *L) {
  ivs_http1 *reader = check_reader(L);
  return push_progress(L, reader, ivs_http1_end(reader));
}

static int reset(lua_State *L) {
  ivs_http1 *reader = check_reader(L);
  const size_t cap = lua_isnoneornil(L, 2) ? reader->response.body.cap : check_cap(L, 2);
  if (cap != reader->response.body.cap) {
    ivs_response_free(&reader->response);
    ivs_response_init(&reader->response, cap);
  }
  ivs_http1_reset(reader, lua_toboolean(L, 3));
  return 0;
}

static int response(lua_State *L) {
  const ivs_http1 *reader = check_reader(L);
  if (!ivs_http1_is_done(reader)) return luaL_error(L, "the response is not complete");
  ivs_lua_message_push_response(L, &reader->response);
  return 1;
}

static int header(lua_State *L) {
  const ivs_http1 *reader = check_reader(L);
  const ivs_slice value = ivs_response_header(&reader->response, luaL_checkstring(L, 2));
  if (!value.data) return 0;
  lua_pushlstring(L, value.data, value.length);
  return 1;
}

static int keep_alive(lua_State *L) {
  lua_pushboolean(L, check_reader(L)->keep_alive);
  return 1;
}

void ivs_lua_http1_register(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"feed", feed},     {"close", close_reader},    {"reset", reset}, {"response", response},
      {"header", header}, {"keep_alive", keep_alive}, {NULL, NULL}};
  ivs_lua_objects_register(L, &reader_type);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &reader_type);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_pushcclosure(L, find_method, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

int ivs_lua_http1_reader(lua_State *L) {
  const size_t cap = check_cap(L, 1);
  ivs_http1 *reader = ivs_lua_objects_new(L, &reader_type, sizeof *reader);
  ivs_http1_init(reader, cap);
  return 1;
}

/* ---- the request ---- */

static void add_target(ivs_buffer *out, const ivs_uri *uri) {
  if (uri->path.length == 0) ivs_buffer_add_byte(out, '/');
  ivs_buffer_add(out, uri->path.data, uri->path.length);
  if (!uri->has_query) return;
  ivs_buffer_add_byte(out, '?');
  ivs_buffer_add(out, uri->query.data, uri->query.length);
}

static void add_header(ivs_buffer *out, ivs_slice name, ivs_slice value) {
  ivs_buffer_add(out, name.data, name.length);
  ivs_buffer_add(out, ": ", 2);
  ivs_buffer_add(out, value.data, value.length);
  ivs_buffer_add(out, "\r\n", 2);
}

typedef struct seen {
  bool host, length;
} seen;

/* Returns NULL, or the problem. */
static const char *add_headers(lua_State *L, int headers, size_t body_length, ivs_buffer *out, seen *found) {
  const char *problem = NULL;
  ivs_lua_header header;
  for (lua_pushnil(L); ivs_lua_headers_next(L, headers, &header, &problem); lua_pop(L, 1)) {
    problem = ivs_lua_headers_check_sent(&header, body_length);
    if (problem) break;
    if (ivs_text_equal_ignoring_case(header.name, "host")) found->host = true;
    if (ivs_text_equal_ignoring_case(header.name, "content-length")) found->length = true;
    add_header(out, header.name, header.value);
  }
  return problem;
}

/* Adds the missing headers and the end of the head. */
static void complete_head(ivs_buffer *out, const ivs_uri *uri, const seen *found, bool has_body,
                          size_t body_length) {
  if (!found->host) {
    ivs_buffer_add_text(out, "Host: ");
    ivs_uri_add_host(out, uri);
    ivs_buffer_add(out, "\r\n", 2);
  }
  if (!found->length && has_body) {
    ivs_buffer_add_text(out, "Content-Length: ");
    ivs_buffer_add_number(out, body_length);
    ivs_buffer_add(out, "\r\n", 2);
  }
  ivs_buffer_add(out, "\r\n", 2);
}

static const char *write_request(lua_State *L, ivs_buffer *out) {
  enum { REQUEST = 1, ABSOLUTE = 2, AUTHORIZATION = 3 };
  ivs_uri uri;
  seen found = {false, false};
  const ivs_slice method = ivs_lua_fields_text(L, REQUEST, "method"),
                  url = ivs_lua_fields_text(L, REQUEST, "url");
  const ivs_slice body = ivs_lua_fields_text(L, REQUEST, "body");
  if (!ivs_message_is_token(method)) return "the request has no method";
  if (ivs_uri_parse(url, &uri)) return "the URL is malformed";
  ivs_buffer_add(out, method.data, method.length);
  ivs_buffer_add_byte(out, ' ');
  if (lua_toboolean(L, ABSOLUTE))
    ivs_buffer_add(out, url.data, url.length);
  else
    add_target(out, &uri);
  ivs_buffer_add_text(out, " HTTP/1.1\r\n");
  lua_getfield(L, REQUEST, "headers");
  const char *problem = lua_istable(L, -1) ? add_headers(L, lua_gettop(L), body.length, out, &found) : NULL;
  if (problem) return problem;
  if (lua_type(L, AUTHORIZATION) == LUA_TSTRING) {
    ivs_slice value;
    value.data = lua_tolstring(L, AUTHORIZATION, &value.length);
    if (ivs_text_has_control(value)) return "the proxy's user or password contains a control character";
    add_header(out, ivs_text_slice("Proxy-Authorization"), value);
  }
  complete_head(out, &uri, &found, body.length || !ivs_text_equal(method, "GET"), body.length);
  ivs_buffer_add(out, body.data, body.length);
  return ivs_buffer_status(out) ? ivs_status_text(ivs_buffer_status(out)) : NULL;
}

int ivs_lua_http1_request(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 3);
  ivs_buffer *out = ivs_lua_objects_new_buffer(L, REQUEST_MAX);
  const char *problem = write_request(L, out);
  const char *what = ivs_buffer_status(out) == IVS_ENOMEM ? "memory" : "malformed";
  if (!problem) lua_pushlstring(L, ivs_buffer_text(out), out->length);
  ivs_buffer_free(out);
  if (!problem) return 1;
  lua_pushnil(L);
  lua_pushstring(L, problem);
  lua_pushstring(L, what);
  return 3;
}
