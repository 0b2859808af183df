/* Exchanges over libcurl, for calls and for requests of Lua code. */
#include "lua/blocking/fetch.h"
#include "lua/fields.h"
#include "core/status.h"
#include "core/uri.h"
#include "curl/easy.h"
#include "lua/blocking/interrupt.h"
#include "lua/failure.h"
#include "lua/headers.h"
#include "lua/message.h"
#include "lua/objects.h"

#include <string.h>

enum { MAX_BYTES = 1024 * 1024 };

typedef struct fetch {
  ivs_request request;
  ivs_response response;
  ivs_failure failure;
} fetch;

static void wipe(fetch *f) {
  ivs_request_free(&f->request);
  ivs_response_free(&f->response);
}

static int collect(lua_State *L) {
  fetch *f = lua_touserdata(L, 1);
  wipe(f);
  ivs_failure_free(&f->failure);
  return 0;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const ivs_object_type fetch_type = {"ivs.fetch", metamethods};

void ivs_lua_fetch_register(lua_State *L) {
  ivs_lua_objects_register(L, &fetch_type);
}

static void close_easy(void *driver) {
  ivs_easy_close(driver);
}

ivs_settings ivs_lua_fetch_settings(lua_State *L, const ivs_lua_client *client, int client_index) {
  ivs_lua_client_get(L, client_index, IVS_LUA_CLIENT_SETTINGS);
  const int from = lua_gettop(L);
  return (ivs_settings){
      .connect_timeout = client->core.connect_timeout,
      .read_timeout = client->core.read_timeout,
      .proxy = ivs_lua_fields_string(L, from, "proxy"),
      .no_proxy = ivs_lua_fields_string(L, from, "no_proxy"),
      .ca_bundle = ivs_lua_fields_string(L, from, "ca_bundle"),
      .client_cert = ivs_lua_fields_string(L, from, "client_cert"),
      .client_key = ivs_lua_fields_string(L, from, "client_key"),
      .verify = ivs_lua_fields_flag(L, from, "verify"),
      .tcp_keepalive = ivs_lua_fields_flag(L, from, "tcp_keepalive"),
  };
}

/* Returns the client's handle, which is opened at first use; or NULL with the failure set. */
static ivs_easy *get_easy(lua_State *L, ivs_lua_client *client, int client_index, ivs_failure *failure) {
  if (client->driver) return client->driver;
  ivs_easy *easy;
  const ivs_settings settings = ivs_lua_fetch_settings(L, client, client_index);
  int status = ivs_easy_open(&easy, &settings, failure);
  lua_pop(L, 1);
  if (status) return NULL;
  client->driver = easy;
  client->close_driver = close_easy;
  return easy;
}

int ivs_lua_fetch_exchange(lua_State *L, int client_index, const ivs_exchange *exchange) {
  ivs_lua_client *client = ivs_lua_client_check(L, client_index);
  ivs_lua_interrupt interrupt;
  ivs_lua_interrupt_begin(L, &interrupt);
  const ivs_multi_interrupt interruption = {ivs_lua_interrupt_is_due, &interrupt};
  for (;;) {
    if (!client->is_open) {
      ivs_lua_client_refuse_closed(exchange->failure);
      return IVS_EREFUSED;
    }
    ivs_easy *easy = get_easy(L, client, client_index, exchange->failure);
    const int status = easy ? ivs_easy_exchange(easy, exchange, &interruption) : IVS_EREFUSED;
    if (status != IVS_EINTERRUPTED) return status;
    ivs_response_reset(exchange->response);
    ivs_lua_interrupt_run(&interrupt); /* an error ends the call; otherwise the request is sent again */
  }
}

/* ---- http(request) ---- */

static const char out_of_memory[] = "out of memory while building the request";

static const char *take_headers(lua_State *L, int headers, ivs_request *request) {
  const char *problem = NULL;
  ivs_lua_header header;
  for (lua_pushnil(L); ivs_lua_headers_next(L, headers, &header, &problem); lua_pop(L, 1)) {
    problem = ivs_lua_headers_check_sent(&header, request->body.length);
    if (problem) break;
    ivs_request_add_header(request, header.name.data, header.value);
  }
  return problem;
}

/* Returns the supported method with this name; NULL: none. */
static const char *find_method(ivs_slice method) {
  static const char *const methods[] = {"GET", "POST", "PUT", NULL};
  const char *const *known = methods;
  while (*known && !ivs_text_equal(method, *known)) known++;
  return *known;
}

static bool has_valid_body(lua_State *L, int index) {
  lua_getfield(L, index, "body");
  bool found = lua_isnil(L, -1) || lua_type(L, -1) == LUA_TSTRING;
  lua_pop(L, 1);
  return found;
}

/* Reads the request table. Returns NULL, or the problem. */
static const char *take_request(lua_State *L, int index, ivs_request *out) {
  ivs_uri uri;
  ivs_slice url = ivs_lua_fields_text(L, index, "url"), body = ivs_lua_fields_text(L, index, "body");
  const char *problem = NULL;
  out->method = find_method(ivs_lua_fields_text(L, index, "method"));
  if (!out->method) return "the method has to be GET, POST or PUT";
  if (ivs_uri_parse(url, &uri)) return "the URL is malformed";
  if (!has_valid_body(L, index)) return "the body has to be a string";
  if (body.length && strcmp(out->method, "GET") == 0) return "a GET request cannot have a body";
  ivs_buffer_set(&out->url, url.data, url.length);
  ivs_buffer_set(&out->body, body.data, body.length);
  lua_getfield(L, index, "headers");
  if (lua_istable(L, -1)) problem = take_headers(L, lua_gettop(L), out);
  const int status = ivs_buffer_status(&out->url)    ? ivs_buffer_status(&out->url)
                     : ivs_buffer_status(&out->body) ? ivs_buffer_status(&out->body)
                                                     : ivs_buffer_status(&out->headers);
  if (status) return status == IVS_ENOMEM ? out_of_memory : "the request is too large";
  return problem;
}

static int http(lua_State *L) {
  enum { REQUEST = 1 };
  const int client = lua_upvalueindex(1);
  luaL_checktype(L, REQUEST, LUA_TTABLE);
  fetch *f = ivs_lua_objects_new(L, &fetch_type, sizeof *f);
  double cap = ivs_lua_fields_number(L, REQUEST, "max_bytes");
  ivs_request_init(&f->request);
  ivs_response_init(&f->response, cap > 0 ? (size_t)cap : MAX_BYTES);
  ivs_failure_init(&f->failure);
  lua_pushvalue(L, client);
  int owner = lua_gettop(L);
  if (!ivs_lua_client_check(L, owner)->is_open) {
    ivs_lua_client_refuse_closed(&f->failure);
    return ivs_lua_failure_return(L, &f->failure);
  }
  const char *problem = take_request(L, REQUEST, &f->request);
  if (problem) {
    const char *code = problem == out_of_memory ? "OutOfMemoryError" : "InvalidConfigError";
    ivs_failure_format(&f->failure, IVS_KIND_CONFIG, code, "%s", problem);
    return ivs_lua_failure_return(L, &f->failure);
  }
  const ivs_exchange exchange = {
      .request = &f->request,
      .response = &f->response,
      .failure = &f->failure,
      .connect_timeout = ivs_lua_fields_number(L, REQUEST, "connect_timeout"),
      .read_timeout = ivs_lua_fields_number(L, REQUEST, "read_timeout"),
      .direct = ivs_lua_fields_flag(L, REQUEST, "direct"),
  };
  if (ivs_lua_fetch_exchange(L, owner, &exchange)) {
    const enum ivs_kind kind = f->failure.kind;
    f->failure.retryable =
        kind == IVS_KIND_CONNECTION || kind == IVS_KIND_TIMEOUT || kind == IVS_KIND_RESPONSE;
    wipe(f);
    return ivs_lua_failure_return(L, &f->failure);
  }
  ivs_lua_message_push_response(L, &f->response);
  wipe(f);
  return 1;
}

void ivs_lua_fetch_push(lua_State *L, int client_index) {
  lua_pushvalue(L, client_index);
  lua_pushcclosure(L, http, 1);
}
