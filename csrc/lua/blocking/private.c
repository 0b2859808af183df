/* The table ivs.private. */
#include "lua/blocking/private.h"
#include "lua/blocking/blocking.h"
#include "lua/blocking/sleep.h"
#include "lua/system.h"

#include <sys/ioctl.h>
#include <unistd.h>

/* For terminals without a known size, such as serial lines: the usual default of COLUMNS. */
enum { USUAL_COLUMNS = 80 };

static int terminal_width(lua_State *L) {
  struct winsize size;
  const int descriptor = (int)luaL_checkinteger(L, 1);
  if (!isatty(descriptor)) return 0;
  const int found = ioctl(descriptor, TIOCGWINSZ, &size);
  lua_pushinteger(L, found == 0 && size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS);
  return 1;
}

void ivs_lua_private_push(lua_State *L) {
  static const luaL_Reg functions[] = {{"monotonic", ivs_lua_sleep_monotonic},
                                       {"sleep", ivs_lua_sleep_call},
                                       {"terminal_width", terminal_width},
                                       {NULL, NULL}};
  lua_newtable(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  ivs_lua_system_push(L);
  lua_getfield(L, -1, "now");
  lua_setfield(L, -3, "now");
  lua_pop(L, 1);
  lua_setfield(L, -2, "system");
  lua_pushcfunction(L, ivs_lua_blocking_identify);
  lua_setfield(L, -2, "identify");
}
