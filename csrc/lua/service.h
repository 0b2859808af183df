/*
 * One call of another AWS service through the machine that serves IVS: for the providers that ask STS.
 */
#ifndef IVS_LUA_SERVICE_H
#define IVS_LUA_SERVICE_H

#include "lua/compat.h"

/*
 * Lua: service_call(settings, body, clock?) → call | nil, err. One call of another AWS service (POST /)
 * through the same machine; its steps are taken with call:next, the bodies read by the caller (step
 * "decode"). settings: resolved ones, with `service`, `operation`, `content_type`, and `credentials` (none:
 * unsigned).
 */
int ivs_lua_service_call(lua_State *L);

#endif
