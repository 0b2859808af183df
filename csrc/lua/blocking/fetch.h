/*
 * Exchanges over the client's libcurl handle, and the function http(request) for the credential providers.
 */
#ifndef IVS_LUA_FETCH_H
#define IVS_LUA_FETCH_H

#include "lua/compat.h"
#include "curl/multi.h"
#include "lua/client.h"

/* Once, from luaopen_ivs. */
void ivs_lua_fetch_register(lua_State *L);

/*
 * Carries out the exchange over the client's handle, which is opened at first use. IVS_OK, or IVS_EREFUSED
 * with the exchange's failure set. Raises the error of a signal hook, for example for Ctrl-C (interrupt.h).
 */
int ivs_lua_fetch_exchange(lua_State *L, int client_index, const ivs_exchange *exchange);
/* Returns the client's settings for libcurl, and pushes the table that keeps their texts alive. */
ivs_settings ivs_lua_fetch_settings(lua_State *L, const ivs_lua_client *client, int client_index);

/*
 * Pushes the function http(request) → { status, headers, body } | nil, err for the client at the index.
 * request: { method, url, headers?, body?, connect_timeout?, read_timeout?, direct?, max_bytes? }
 */
void ivs_lua_fetch_push(lua_State *L, int client_index);

#endif
