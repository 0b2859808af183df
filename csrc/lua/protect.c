/* lua_pcall, which passes on "interrupted!". */
#include "lua/protect.h"

#include <stdbool.h>
#include <string.h>

/* lua.c, lstop: luaL_error may prefix the text with a position. */
static bool is_interruption(lua_State *L, int index) {
  static const char text[] = "interrupted!";
  const size_t size = sizeof text - 1;
  size_t length;
  if (lua_type(L, index) != LUA_TSTRING) return false;
  const char *message = lua_tolstring(L, index, &length);
  return length >= size && memcmp(message + length - size, text, size) == 0;
}

int ivs_lua_protect_call(lua_State *L, int arguments, int results) {
  const int status = lua_pcall(L, arguments, results, 0);
  if (status == LUA_ERRRUN && is_interruption(L, -1)) lua_error(L);
  return status;
}
