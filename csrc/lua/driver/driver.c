/* A client's settings and credentials, and rules of the core, for drivers written in Lua. */
#include "lua/driver/driver.h"
#include "core/clock.h"
#include "core/no_proxy.h"
#include "core/uri.h"
#include "lua/credentials.h"
#include "lua/call.h"
#include "lua/client.h"

#include <math.h>

enum { CLIENT = 1 };

/* Pushes the table of resolved settings and returns true; false if the client is closed. */
static bool push_settings(lua_State *L) {
  if (!ivs_lua_client_check(L, CLIENT)->is_open) return false;
  ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_SETTINGS);
  return true;
}

int ivs_lua_driver_settings(lua_State *L) {
  static const char *const names[] = {
      "proxy",         "no_proxy",     "verify",          "ca_bundle",          "client_cert", "client_key",
      "tcp_keepalive", "read_timeout", "connect_timeout", "max_response_bytes", "transport"};
  enum { COUNT = sizeof names / sizeof *names };
  if (!push_settings(L)) return 0;
  const int settings = lua_gettop(L);
  lua_createtable(L, 0, COUNT);
  for (int i = 0; i < COUNT; i++) {
    lua_getfield(L, settings, names[i]);
    lua_setfield(L, -2, names[i]);
  }
  return 1;
}

int ivs_lua_driver_provider(lua_State *L) {
  if (!ivs_lua_client_check(L, CLIENT)->is_open) return 0;
  ivs_lua_client_get(L, CLIENT, IVS_LUA_CLIENT_PROVIDER);
  return 1;
}

int ivs_lua_driver_take_credentials(lua_State *L) {
  enum { CREDENTIALS = 2, ERROR = 3 };
  ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  lua_settop(L, ERROR);
  if (ivs_lua_credentials_receive(L, CREDENTIALS, client)) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

int ivs_lua_driver_credentials_left(lua_State *L) {
  const ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  const ivs_credentials *credentials = &client->core.credentials;
  if (!credentials->access_key_id.length) return 0;
  const double now = ivs_lua_client_now(L, client, CLIENT) + client->core.clock_offset;
  lua_pushnumber(L, credentials->expiration == 0 ? HUGE_VAL : credentials->expiration - now);
  return 1;
}

int ivs_lua_driver_describe(lua_State *L) {
  if (!push_settings(L)) return 0;
  lua_getfield(L, -1, "describe");
  lua_call(L, 0, 1);
  return 1;
}

int ivs_lua_driver_is_throttled(lua_State *L) {
  lua_pushboolean(L, ivs_call_is_throttled(&ivs_lua_call_check(L, 1)->core));
  return 1;
}

int ivs_lua_driver_parse_url(lua_State *L) {
  ivs_slice text;
  ivs_uri uri;
  text.data = luaL_checklstring(L, 1, &text.length);
  if (ivs_uri_parse(text, &uri)) return 0;
  lua_createtable(L, 0, 4);
  lua_pushstring(L, uri.https ? "https" : "http");
  lua_setfield(L, -2, "scheme");
  lua_pushstring(L, uri.ipv6 ? "[" : "");
  lua_pushlstring(L, uri.host.data, uri.host.length);
  lua_pushstring(L, uri.ipv6 ? "]" : "");
  lua_concat(L, 3);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "host");
  lua_pushfstring(L, ":%d", (int)uri.port);
  lua_concat(L, 2);
  lua_setfield(L, -2, "authority");
  lua_pushinteger(L, (lua_Integer)uri.port);
  lua_setfield(L, -2, "port");
  return 1;
}

int ivs_lua_driver_is_bypassed(lua_State *L) {
  ivs_slice no_proxy, host;
  no_proxy.data = luaL_checklstring(L, 1, &no_proxy.length);
  host.data = luaL_checklstring(L, 2, &host.length);
  lua_pushboolean(L, ivs_no_proxy_is_bypassed(no_proxy, host));
  return 1;
}

int ivs_lua_driver_monotonic(lua_State *L) {
  lua_pushnumber(L, ivs_clock_monotonic());
  return 1;
}
