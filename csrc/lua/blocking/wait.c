/* Runs the waiter with the client's call, the interruptible sleep and the clock. */
#include "lua/blocking/wait.h"
#include "lua/blocking/blocking.h"
#include "lua/blocking/sleep.h"
#include "lua/client.h"
#include "lua/objects.h"

static const char misuse_key, wait_key;

void ivs_lua_wait_register(lua_State *L) {
  ivs_lua_objects_require(L, "ivs.waiter");
  lua_getfield(L, -1, "misuse");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &misuse_key);
  lua_getfield(L, -1, "wait");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &wait_key);
  lua_pop(L, 1);
}

/* Lua: get(params), with the client as an upvalue. */
static int get(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  return ivs_lua_blocking_get_recording_configuration(L);
}

int ivs_lua_wait_until_active(lua_State *L) {
  enum { CLIENT = 1, PARAMS = 2 };
  ivs_lua_client_check(L, CLIENT);
  if (!lua_isnoneornil(L, PARAMS + 1))
    luaL_argerror(L, PARAMS + 1, "one argument expected: { arn, timeout, delay }");
  lua_settop(L, PARAMS);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &misuse_key);
  lua_pushvalue(L, PARAMS);
  lua_call(L, 1, 1);
  if (!lua_isnil(L, -1)) luaL_argerror(L, PARAMS, lua_tostring(L, -1));
  lua_rawgetp(L, LUA_REGISTRYINDEX, &wait_key);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, CLIENT);
  lua_pushcclosure(L, get, 1);
  lua_setfield(L, -2, "get");
  lua_pushcfunction(L, ivs_lua_sleep_call);
  lua_setfield(L, -2, "sleep");
  lua_pushcfunction(L, ivs_lua_sleep_monotonic);
  lua_setfield(L, -2, "now");
  lua_pushvalue(L, PARAMS);
  lua_call(L, 2, 2);
  return lua_isnil(L, -2) ? 2 : (lua_pop(L, 1), 1);
}
