/*
 * http(request) for the credential providers, over the client's own libcurl handle.
 */
#ifndef IVS_LUA_FETCH_H
#define IVS_LUA_FETCH_H

#include "lua/compat.h"
#include "curl/easy.h"
#include "lua/client.h"

/* Once, from luaopen_ivs. */
void ivs_lua_fetch_register(lua_State *L);

/* The client's handle, opened at first use; NULL with the failure set. */
ivs_easy *ivs_lua_fetch_easy(lua_State *L, int client_index, ivs_failure *failure);

/*
 * Pushes the function http(request) → { status, headers, body } | nil, err for the client at the index.
 * request: { method, url, headers?, body?, connect_timeout?, read_timeout?, direct?, max_bytes? }
 */
void ivs_lua_fetch_push(lua_State *L, int client_index);

#endif
