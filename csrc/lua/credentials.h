/*
 * Credentials from Lua code: { access_key_id, secret_access_key, session_token?, expiration? }.
 */
#ifndef IVS_LUA_CREDENTIALS_H
#define IVS_LUA_CREDENTIALS_H

#include "lua/compat.h"
#include "lua/client.h"

/* Takes the table at index as the client's credentials. Returns NULL; or the problem, which holds no secret, with an error's code in
 * *code, and then leaves the client's credentials unchanged. A metamethod of the table may close the client meanwhile. */
const char *ivs_lua_credentials_take(lua_State *L, int index, ivs_lua_client *client, const char **code);

/* Takes what a provider returned: credentials at the index, or nil there and an error after it. Returns true; or false, with an error
 * object pushed. An error that a metamethod of the credentials raises counts as the provider's. */
bool ivs_lua_credentials_receive(lua_State *L, int index, ivs_lua_client *client);

#endif
