/* A pace as a userdata. */
#include "lua/driver/pace.h"
#include "core/pace.h"
#include "lua/call.h"
#include "lua/client.h"
#include "lua/objects.h"

static const luaL_Reg metamethods[] = {{NULL, NULL}};
static const ivs_object_type pace_type = {"ivs.pace", metamethods};

void ivs_lua_pace_register(lua_State *L) {
  ivs_lua_objects_register(L, &pace_type);
}

int ivs_lua_pace_new(lua_State *L) {
  enum { CLIENT = 1, MAX_TPS = 2 };
  const ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  const double max_tps = lua_toboolean(L, MAX_TPS) ? luaL_checknumber(L, MAX_TPS) : 0;
  const double now = ivs_lua_client_now(L, client, CLIENT);
  ivs_pace_init(ivs_lua_objects_new(L, &pace_type, sizeof(ivs_pace)), max_tps, now);
  return 1;
}

int ivs_lua_pace_set(lua_State *L) {
  enum { CALL = 1, PACE = 2 };
  ivs_lua_call *call = ivs_lua_call_check(L, CALL);
  call->core.pace = ivs_lua_objects_check(L, PACE, &pace_type);
  ivs_lua_compat_get_table(L, CALL);
  lua_pushvalue(L, PACE);
  lua_rawseti(L, -2, IVS_LUA_CALL_PACE);
  return 0;
}

int ivs_lua_pace_note_sent(lua_State *L) {
  enum { CALL = 1, CLIENT = 2 };
  const ivs_lua_call *call = ivs_lua_call_check(L, CALL);
  if (!call->core.pace) return 0;
  lua_settop(L, CALL);
  ivs_lua_compat_get_table(L, CALL);
  lua_rawgeti(L, -1, IVS_LUA_CALL_CLIENT);
  lua_replace(L, CLIENT);
  ivs_pace_note_sent(call->core.pace, ivs_lua_client_now(L, call->client, CLIENT));
  return 0;
}
