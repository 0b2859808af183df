/*
 * The driver for plain scripts: it carries out a call's steps over libcurl and waits for each.
 */
#ifndef IVS_LUA_BLOCKING_H
#define IVS_LUA_BLOCKING_H

#include "lua/compat.h"

/* Lua: client:get_recording_configuration(params) → response | nil, err. */
int ivs_lua_blocking_get_recording_configuration(lua_State *L);
/* Lua: client:list_recording_configurations(params?) → response | nil, err. */
int ivs_lua_blocking_list_recording_configurations(lua_State *L);
/* Lua: client:recording_configurations(params?) → an iterator over the items of all pages (lua/ivs/pagination.lua). */
int ivs_lua_blocking_recording_configurations(lua_State *L);
/* Replaces the parameters at the top of the stack by an iterator over what the function below them lists. */
void ivs_lua_blocking_iterate(lua_State *L);
/* Once, from luaopen_ivs. */
void ivs_lua_blocking_register(lua_State *L);

/*
 * Lua: client:credentials() → table | nil, err. Asks the sources anew and tells, without a secret: {
 * provider, access_key_id (its last four characters), expiration, region, endpoint_url, profile, config_file,
 * credentials_file, origins = { setting → where it came from } }.
 */
int ivs_lua_blocking_credentials(lua_State *L);

/*
 * Lua: ivs.private.identify(client) → what client:credentials() returns, and { account, arn, user_id } of AWS
 * STS or nil and an error object; or nil and an error object without credentials. Raises for a closed client.
 */
int ivs_lua_blocking_identify(lua_State *L);

#endif
