/*
 * Credentials that Lua code gives: { access_key_id, secret_access_key, session_token?, expiration? }.
 */
#ifndef IVS_LUA_CREDENTIALS_H
#define IVS_LUA_CREDENTIALS_H

#include "lua/compat.h"
#include "lua/client.h"

/* Takes the table at index for the client, which a metamethod of the table may close meanwhile. NULL; or what is
 * wrong with it in words that hold no secret, *code then being an error's code: the keys stay as they were. */
const char *ivs_lua_credentials_take(lua_State *L, int index, ivs_lua_client *client, const char **code);

/* Takes what a provider gave: keys at the index, or nil there and an error after it. True; or false, with an error object
 * pushed. What a metamethod of the keys raises is such an error, too. */
bool ivs_lua_credentials_receive(lua_State *L, int index, ivs_lua_client *client);

#endif
