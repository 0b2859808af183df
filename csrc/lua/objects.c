/* Userdata types, identified by address. */
#include "lua/objects.h"

#include <string.h>

void ivs_lua_objects_register(lua_State *L, const ivs_object_type *type) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, type); /* if the module is loaded again, existing objects stay valid */
  if (!lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  lua_pop(L, 1);
  lua_newtable(L);
  luaL_setfuncs(L, type->metamethods, 0);
  lua_pushstring(L, type->name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_rawsetp(L, LUA_REGISTRYINDEX, type);
}

void *ivs_lua_objects_new(lua_State *L, const ivs_object_type *type, size_t size) {
  void *object = lua_newuserdata(L, size);
  memset(object, 0, size);
  lua_newtable(L);
  ivs_lua_compat_set_table(L, -2);
  lua_rawgetp(L, LUA_REGISTRYINDEX, type);
  lua_setmetatable(L, -2);
  return object;
}

void *ivs_lua_objects_test(lua_State *L, int index, const ivs_object_type *type) {
  void *object = lua_touserdata(L, index);
  if (!object || !lua_getmetatable(L, index)) return NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, type);
  int same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same ? object : NULL;
}

/* Raises. If the object is the first argument, the caller probably wrote a dot instead of a colon. */
static void refuse(lua_State *L, int index, const ivs_object_type *type) {
  lua_Debug function = {.name = NULL};
  lua_pushfstring(L, "%s expected, got %s", type->name, luaL_typename(L, index));
  if (index == 1) {
    if (lua_getstack(L, 0, &function)) lua_getinfo(L, "n", &function);
    lua_pushfstring(L, "; call it with a colon: %s:%s(…)", type->name + strlen("ivs."),
                    function.name ? function.name : "method");
    lua_concat(L, 2);
  }
  luaL_argerror(L, index, lua_tostring(L, -1));
}

void *ivs_lua_objects_check(lua_State *L, int index, const ivs_object_type *type) {
  void *object = ivs_lua_objects_test(L, index, type);
  if (!object) refuse(L, index, type);
  return object;
}

static int collect_buffer(lua_State *L) {
  ivs_buffer_free(lua_touserdata(L, 1));
  return 0;
}

static const luaL_Reg buffer_metamethods[] = {{"__gc", collect_buffer}, {NULL, NULL}};
static const ivs_object_type buffer_type = {"ivs.buffer", buffer_metamethods};

void ivs_lua_objects_open(lua_State *L) {
  ivs_lua_objects_register(L, &buffer_type);
}

ivs_buffer *ivs_lua_objects_new_buffer(lua_State *L, size_t cap) {
  ivs_buffer *buffer = ivs_lua_objects_new(L, &buffer_type, sizeof *buffer);
  ivs_buffer_init(buffer, cap);
  return buffer;
}

void ivs_lua_objects_require(lua_State *L, const char *module) {
  lua_getglobal(L, "require");
  lua_pushstring(L, module);
  lua_call(L, 1, 1);
}
