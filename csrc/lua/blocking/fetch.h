/*
 * http(request) for the credential providers, over the client's own libcurl handle.
 */
#ifndef IVS_LUA_FETCH_H
#define IVS_LUA_FETCH_H

#include "lua/compat.h"
#include "curl/multi.h"
#include "lua/client.h"

/* Once, from luaopen_ivs. */
void ivs_lua_fetch_register(lua_State *L);

/*
 * Carries out the exchange over the client's own handle, which is opened at first use. IVS_OK, or IVS_EREFUSED with the exchange's
 * failure set. Raises what the hook of a signal raises that comes meanwhile (interrupt.h).
 */
int ivs_lua_fetch_exchange(lua_State *L, int client_index, const ivs_exchange *exchange);
/* The client's settings for libcurl. Pushes the table that keeps their texts alive. */
ivs_settings ivs_lua_fetch_settings(lua_State *L, const ivs_lua_client *client, int client_index);

/*
 * Pushes the function http(request) → { status, headers, body } | nil, err for the client at the index.
 * request: { method, url, headers?, body?, connect_timeout?, read_timeout?, direct?, max_bytes? }
 */
void ivs_lua_fetch_push(lua_State *L, int client_index);

#endif
