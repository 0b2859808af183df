/*
 * What the owner of a loop needs to know of a client beside the steps of its calls (ivs.core only).
 */
#ifndef IVS_LUA_DRIVER_H
#define IVS_LUA_DRIVER_H

#include "lua/compat.h"

/*
 * Lua: client:connection_settings() → { proxy, no_proxy, verify, ca_bundle, client_cert, client_key,
 * tcp_keepalive, connect_timeout, read_timeout, max_response_bytes, transport }: how requests are to be sent.
 * A new table each time; nil once the client is closed.
 */
int ivs_lua_driver_settings(lua_State *L);
/* Lua: client:provider() → the function(io) → credentials | nil, err that the step "credentials" gives; nil once
 * closed. */
int ivs_lua_driver_provider(lua_State *L);
/* Lua: client:take_credentials(credentials, err?) → true | nil, err: for what a provider gave outside a call. */
int ivs_lua_driver_take_credentials(lua_State *L);
/* Lua: client:credentials_left() → seconds until the credentials expire, by the service's clock; math.huge: never; nil: there are none. */
int ivs_lua_driver_credentials_left(lua_State *L);
/* Lua: client:describe() → what client:credentials() of `ivs` tells; nil once closed. */
int ivs_lua_driver_describe(lua_State *L);

/* Lua: private.is_throttled(call): the call was throttled at its last attempt. */
int ivs_lua_driver_is_throttled(lua_State *L);
/* Lua: parse_url(text) → { scheme, host, port, authority } | nil. host: an IPv6 address has its brackets;
 * authority: host and port, always both. */
int ivs_lua_driver_parse_url(lua_State *L);
/* Lua: is_bypassed(no_proxy, authority): the host is reached without the proxy. */
int ivs_lua_driver_is_bypassed(lua_State *L);

/* Lua: monotonic() → seconds of a clock that is never set. */
int ivs_lua_driver_monotonic(lua_State *L);

#endif
