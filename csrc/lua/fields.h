/*
 * Reads the fields of a Lua table as C values. A text stays valid as long as the table contains it.
 */
#ifndef IVS_LUA_FIELDS_H
#define IVS_LUA_FIELDS_H

#include "lua/compat.h"
#include "core/text.h"

/* The text; empty if the field is not a string. */
ivs_slice ivs_lua_fields_text(lua_State *L, int table, const char *name);
/* The same as a C string; NULL if the field is not a string. */
const char *ivs_lua_fields_string(lua_State *L, int table, const char *name);
/* The number; 0 if the field is not a number. */
double ivs_lua_fields_number(lua_State *L, int table, const char *name);
/* True if the field is neither false nor nil. */
bool ivs_lua_fields_flag(lua_State *L, int table, const char *name);

#endif
