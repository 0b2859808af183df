/*
 * A pace (core/pace.h) as a userdata, for drivers in Lua that run many calls of one region. Only in `private`
 * of ivs.core.
 */
#ifndef IVS_LUA_PACE_H
#define IVS_LUA_PACE_H

#include "lua/compat.h"

/* Once, from luaopen_ivs_core. */
void ivs_lua_pace_register(lua_State *L);
/* Lua: new_pace(client, max_tps | false) → pace, on the client's clock. false: it only slows down while the
 * service throttles. */
int ivs_lua_pace_new(lua_State *L);
/* Lua: set_pace(call, pace), after the call has begun and before its first step. The call keeps the pace
 * alive. */
int ivs_lua_pace_set(lua_State *L);
/* Lua: note_sent(call). To be called when the request is sent (ivs_pace_note_sent). Does nothing if the call
 * has no pace. */
int ivs_lua_pace_note_sent(lua_State *L);

#endif
