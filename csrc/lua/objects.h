/*
 * Userdata types of this shared object, and what the module keeps in the registry.
 *
 * Types are told apart by the address of their descriptor, not by name: `ivs` and `ivs.core` may both be
 * loaded into one state, and an object of the one must not pass for an object of the other.
 */
#ifndef IVS_LUA_OBJECTS_H
#define IVS_LUA_OBJECTS_H

#include "lua/compat.h"
#include "core/buffer.h"

#include <stddef.h>

typedef struct ivs_object_type {
  const char *name; /* for __name and for error messages */
  const luaL_Reg *metamethods;
} ivs_object_type;

/* Once, from luaopen_*. */
void ivs_lua_objects_open(lua_State *L);
/* Registers the type's metatable, with __name and __metatable = false. */
void ivs_lua_objects_register(lua_State *L, const ivs_object_type *type);
/* Pushes a zeroed userdata that has its metatable and an empty table of its own already. Raises if memory
 * runs out. */
void *ivs_lua_objects_new(lua_State *L, const ivs_object_type *type, size_t size);
/* The userdata at this argument, or a raised error at the caller's level. */
void *ivs_lua_objects_check(lua_State *L, int index, const ivs_object_type *type);
/* The same, NULL instead of an error. */
void *ivs_lua_objects_test(lua_State *L, int index, const ivs_object_type *type);

/* Pushes a buffer that is wiped and freed by the garbage collector, so that an error of Lua's can't leak it.
 */
ivs_buffer *ivs_lua_objects_new_buffer(lua_State *L, size_t cap);

/* Calls require for a Lua module of this package and leaves it on the stack. */
void ivs_lua_objects_require(lua_State *L, const char *module);

#endif
