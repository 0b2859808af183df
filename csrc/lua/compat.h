/*
 * The differences between the C APIs of Lua 5.1, LuaJIT, 5.2, 5.3, 5.4 and 5.5. Other files use the names of
 * 5.4.
 */
#ifndef IVS_LUA_COMPAT_H
#define IVS_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

/* Only luaopen_* are exported from the shared objects. */
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

/* The table of a userdata: its environment in Lua 5.1, its user value in later versions. */
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

/* Pushes a whole number, as an integer if the Lua version has integers. */
static inline void ivs_lua_compat_push_whole(lua_State *L, double number) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)number);
#else
  lua_pushnumber(L, number);
#endif
}

#endif
