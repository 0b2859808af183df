/*
 * The driver for scripts: carries out the steps of a call over libcurl, and blocks during each step.
 */
#ifndef IVS_LUA_BLOCKING_H
#define IVS_LUA_BLOCKING_H

#include "lua/compat.h"

/* Lua: client:get_recording_configuration(params) → response | nil, err. */
int ivs_lua_blocking_get_recording_configuration(lua_State *L);
/* Lua: client:list_recording_configurations(params?) → response | nil, err. */
int ivs_lua_blocking_list_recording_configurations(lua_State *L);
/* Lua: client:recording_configurations(params?) → an iterator over the items of all pages
 * (lua/ivs/pagination.lua). */
int ivs_lua_blocking_recording_configurations(lua_State *L);
/* Pops a list function and its parameters; pushes an iterator over the items of all pages. */
void ivs_lua_blocking_iterate(lua_State *L);
/* Once, from luaopen_ivs. */
void ivs_lua_blocking_register(lua_State *L);

/*
 * Lua: client:credentials() → table | nil, err. Calls the provider and describes the credentials without a
 * secret: { provider, access_key_id (its last four characters), expiration, region, endpoint_url, profile,
 * config_file, credentials_file, origins = { setting → its source } }.
 */
int ivs_lua_blocking_credentials(lua_State *L);

/*
 * Lua: ivs.private.identify(client) → the result of client:credentials(), and { account, arn, user_id } from
 * AWS STS or nil and an error object; without credentials nil and an error object. Raises if the client is
 * closed.
 */
int ivs_lua_blocking_identify(lua_State *L);

#endif
