/*
 * Functions for drivers written in Lua, in addition to the steps of calls (ivs.core only).
 */
#ifndef IVS_LUA_DRIVER_H
#define IVS_LUA_DRIVER_H

#include "lua/compat.h"

/*
 * Lua: client:connection_settings() → { proxy, no_proxy, verify, ca_bundle, client_cert, client_key,
 * tcp_keepalive, connect_timeout, read_timeout, max_response_bytes, transport }: the settings for sending
 * requests. Returns a new table each time; nil if the client is closed.
 */
int ivs_lua_driver_settings(lua_State *L);
/* Lua: client:provider() → the detail of the step "credentials", function(io) → credentials | nil, err; nil
 * if the client is closed. */
int ivs_lua_driver_provider(lua_State *L);
/* Lua: client:take_credentials(credentials, err?) → true | nil, err. Stores the result of a provider that was
 * called outside of a call. */
int ivs_lua_driver_take_credentials(lua_State *L);
/* Lua: client:credentials_left() → seconds until the credentials expire, by the service's clock; math.huge:
 * never; nil: no credentials. */
int ivs_lua_driver_credentials_left(lua_State *L);
/* Lua: client:describe() → the same table as client:credentials() of `ivs`, without calling the provider; nil
 * if the client is closed. */
int ivs_lua_driver_describe(lua_State *L);

/* Lua: private.is_throttled(call) → whether the call's last attempt was throttled. */
int ivs_lua_driver_is_throttled(lua_State *L);
/* Lua: parse_url(text) → { scheme, host, port, authority } | nil. host: an IPv6 address is in brackets.
 * authority: always has host and port. */
int ivs_lua_driver_parse_url(lua_State *L);
/* Lua: is_bypassed(no_proxy, authority) → whether requests to the host bypass the proxy. */
int ivs_lua_driver_is_bypassed(lua_State *L);

/* Lua: monotonic() → seconds of the monotonic clock. */
int ivs_lua_driver_monotonic(lua_State *L);

#endif
