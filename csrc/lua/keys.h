/*
 * Credentials that Lua code gives: { access_key_id, secret_access_key, session_token?, expiration? }
 * (DESIGN 1.3).
 */
#ifndef IVS_LUA_KEYS_H
#define IVS_LUA_KEYS_H

#include "compat.h"
#include "lclient.h"

/* Takes the table at index for the client, which a metamethod of the table may close meanwhile. NULL; or what is
 * wrong with it in words that hold no secret, *code then being an error's code: the keys stay as they were. */
const char *ivs_keys_take(lua_State *L, int index, ivs_lclient *client, const char **code);

/* Takes what a provider gave: keys at the index, or nil there and an error after it. True; or false, with an error object
 * pushed. What a metamethod of the keys raises is such an error, too. */
bool ivs_keys_receive(lua_State *L, int index, ivs_lclient *client);

#endif
