/*
 * Reads credentials from Lua tables: { access_key_id, secret_access_key, session_token?, expiration? }.
 */
#ifndef IVS_LUA_CREDENTIALS_H
#define IVS_LUA_CREDENTIALS_H

#include "lua/compat.h"
#include "lua/client.h"

/* Copies the table at the index into the client's credentials. Returns NULL; or the problem, which contains
 * no secret, with the error code in *code. Then the client's credentials do not change. A metamethod of the
 * table may close the client. */
const char *ivs_lua_credentials_take(lua_State *L, int index, ivs_lua_client *client, const char **code);

/* Reads the result of a provider: credentials at the index, or nil there and an error after it. Returns true;
 * or pushes an error object and returns false. An error that a metamethod of the credentials raises is
 * treated like one of the provider. */
bool ivs_lua_credentials_receive(lua_State *L, int index, ivs_lua_client *client);

#endif
