/* Reads fields of tables. */
#include "lua/fields.h"

ivs_slice ivs_lua_fields_text(lua_State *L, int table, const char *name) {
  ivs_slice text = {"", 0};
  lua_getfield(L, table, name);
  if (lua_type(L, -1) == LUA_TSTRING) text.data = lua_tolstring(L, -1, &text.length);
  lua_pop(L, 1);
  return text;
}

const char *ivs_lua_fields_string(lua_State *L, int table, const char *name) {
  lua_getfield(L, table, name);
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  lua_pop(L, 1);
  return text;
}

double ivs_lua_fields_number(lua_State *L, int table, const char *name) {
  lua_getfield(L, table, name);
  double number = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return number;
}

bool ivs_lua_fields_flag(lua_State *L, int table, const char *name) {
  lua_getfield(L, table, name);
  bool flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}
