/*
 * Fields of a Lua table as C values. A text stays valid while the table holds it.
 */
#ifndef IVS_LUA_FIELDS_H
#define IVS_LUA_FIELDS_H

#include "lua/compat.h"
#include "core/text.h"

/* The text; empty where there is none. */
ivs_slice ivs_lua_fields_text(lua_State *L, int table, const char *name);
/* The same as a C string; NULL where there is none. */
const char *ivs_lua_fields_string(lua_State *L, int table, const char *name);
/* The number; 0 where there is none. */
double ivs_lua_fields_number(lua_State *L, int table, const char *name);
/* Anything but false and nil. */
bool ivs_lua_fields_flag(lua_State *L, int table, const char *name);

#endif
