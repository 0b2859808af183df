/*
 * Calls of other AWS services with the same call machine: for the credential providers that use AWS STS.
 */
#ifndef IVS_LUA_SERVICE_H
#define IVS_LUA_SERVICE_H

#include "lua/compat.h"

/*
 * Lua: service_call(settings, body, clock?) → call | nil, err. One request (POST /). The caller advances the
 * call with call:next and decodes the bodies (step "decode"). settings: resolved settings with `service`,
 * `operation`, `content_type` and `credentials` (nil: the request is not signed).
 */
int ivs_lua_service_call(lua_State *L);

#endif
