/* Finds hooks that signal handlers set, and runs them. */
#include "lua/blocking/interrupt.h"

#include <string.h>

static const char nothing_key;

/* Calls a Lua function that does nothing: a hook of whatever kind runs. */
static void run_nothing(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &nothing_key);
  if (lua_isnil(L, -1)) {
    static const char chunk[] = "return";
    lua_pop(L, 1);
    if (luaL_loadbuffer(L, chunk, sizeof chunk - 1, "=wait") != LUA_OK) lua_error(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &nothing_key);
  }
  lua_call(L, 0, 0);
}

static lua_State *find_main(lua_State *L) {
#if LUA_VERSION_NUM >= 502
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *main = lua_tothread(L, -1);
  lua_pop(L, 1);
  return main == L ? NULL : main;
#else
  (void)L;
  return NULL;
#endif
}

static void note_hooks(ivs_lua_interrupt *interrupt) {
  interrupt->hook = lua_gethook(interrupt->L);
  interrupt->main_hook = interrupt->main ? lua_gethook(interrupt->main) : NULL;
}

void ivs_lua_interrupt_begin(lua_State *L, ivs_lua_interrupt *interrupt) {
  luaL_checkstack(L, LUA_MINSTACK, "no stack left for the hook of a signal");
  *interrupt = (ivs_lua_interrupt){.L = L, .main = find_main(L)};
  note_hooks(interrupt);
  /* a signal that came just before: its hook is already noted as an old one */
  if (interrupt->hook) run_nothing(L);
}

bool ivs_lua_interrupt_is_due(void *user) {
  const ivs_lua_interrupt *interrupt = user;
  return lua_gethook(interrupt->L) != interrupt->hook ||
         (interrupt->main && lua_gethook(interrupt->main) != interrupt->main_hook);
}

void ivs_lua_interrupt_run(ivs_lua_interrupt *interrupt) {
  lua_State *L = interrupt->L, *main = interrupt->main;
  if (!ivs_lua_interrupt_is_due(interrupt)) return;
  if (main && lua_gethook(main) != interrupt->main_hook) {
    lua_sethook(L, lua_gethook(main), lua_gethookmask(main), lua_gethookcount(main));
    lua_sethook(main, NULL, 0, 0);
  }
  run_nothing(L);
  note_hooks(interrupt);
}

/* lua.c, lstop: luaL_error puts a position before the text, where there is one. */
bool ivs_lua_interrupt_is_error(lua_State *L, int index) {
  static const char text[] = "interrupted!";
  size_t length;
  if (lua_type(L, index) != LUA_TSTRING) return false;
  const char *message = lua_tolstring(L, index, &length);
  return length >= sizeof text - 1 && strcmp(message + length - (sizeof text - 1), text) == 0;
}
