/*
 * The one place that knows how Lua 5.1, LuaJIT, 5.2, 5.3 and 5.4 differ in C. Written against 5.4's names.
 */
#ifndef IVS_LUA_COMPAT_H
#define IVS_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

/* Only luaopen_* leave the shared object. */
#define IVS_EXPORT __attribute__((visibility("default")))

#if LUA_VERSION_NUM < 502
#define LUA_OK 0
#define lua_rawlen lua_objlen
#define lua_absindex(L, i) ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)
#define luaL_setfuncs ivs_lua_compat_set_functions

static inline void lua_rawgetp(lua_State *L, int index, const void *key) {
  index = lua_absindex(L, index);
  lua_pushlightuserdata(L, (void *)key);
  lua_rawget(L, index);
}

static inline void lua_rawsetp(lua_State *L, int index, const void *key) {
  index = lua_absindex(L, index);
  lua_pushlightuserdata(L, (void *)key);
  lua_insert(L, -2);
  lua_rawset(L, index);
}

static inline void ivs_lua_compat_set_functions(lua_State *L, const luaL_Reg *functions, int upvalues) {
  for (; functions->name; functions++) {
    for (int i = 0; i < upvalues; i++) lua_pushvalue(L, -upvalues);
    lua_pushcclosure(L, functions->func, upvalues);
    lua_setfield(L, -upvalues - 2, functions->name);
  }
  lua_pop(L, upvalues);
}
#endif

/* A userdata's own table: an environment in 5.1, a user value later. */
static inline void ivs_lua_compat_set_table(lua_State *L, int index) {
#if LUA_VERSION_NUM < 502
  lua_setfenv(L, index);
#else
  lua_setuservalue(L, index);
#endif
}

static inline void ivs_lua_compat_get_table(lua_State *L, int index) {
#if LUA_VERSION_NUM < 502
  lua_getfenv(L, index);
#else
  lua_getuservalue(L, index);
#endif
}

/* A whole number: an integer where the Lua version has them. */
static inline void ivs_lua_compat_push_whole(lua_State *L, double number) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)number);
#else
  lua_pushnumber(L, number);
#endif
}

#endif
