/*
 * The userdata types of a shared object.
 *
 * A type is identified by the address of its descriptor, not by its name: `ivs` and `ivs.core` may both be
 * loaded into one state, and neither accepts objects of the other.
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
/* Pushes a zeroed userdata with its metatable and an empty own table. Raises if memory runs out. */
void *ivs_lua_objects_new(lua_State *L, const ivs_object_type *type, size_t size);
/* The userdata at this argument; raises an error at the caller's level if it is of another type. */
void *ivs_lua_objects_check(lua_State *L, int index, const ivs_object_type *type);
/* The same, but returns NULL. */
void *ivs_lua_objects_test(lua_State *L, int index, const ivs_object_type *type);

/* Pushes a buffer that the garbage collector wipes and frees, so that a Lua error does not leak it. */
ivs_buffer *ivs_lua_objects_new_buffer(lua_State *L, size_t cap);

/* Requires a Lua module of this package and pushes it. */
void ivs_lua_objects_require(lua_State *L, const char *module);

#endif
