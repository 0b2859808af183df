/* Detects hooks that signal handlers have set, and runs them. */
#include "lua/blocking/interrupt.h"

static const char nothing_key;

/* Calls an empty Lua function, so that the hook runs, whatever its event is. */
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

/* Runs the main thread's hook in this coroutine. If the hook raises an error, it stays removed; otherwise it
 * is restored. */
static void run_hook_of_main(lua_State *L, lua_State *main) {
  const lua_Hook hook = lua_gethook(main), own = lua_gethook(L);
  const int mask = lua_gethookmask(main), count = lua_gethookcount(main);
  const int own_mask = lua_gethookmask(L), own_count = lua_gethookcount(L);
  lua_sethook(main, NULL, 0, 0);
  lua_sethook(L, hook, mask, count);
  run_nothing(L);
  lua_sethook(L, own, own_mask, own_count);
  lua_sethook(main, hook, mask, count);
}

void ivs_lua_interrupt_begin(lua_State *L, ivs_lua_interrupt *interrupt) {
  luaL_checkstack(L, LUA_MINSTACK, "no stack left for a signal hook");
  *interrupt = (ivs_lua_interrupt){.L = L, .main = find_main(L)};
  note_hooks(interrupt);
  /* Runs a hook that a signal may have set just before: it cannot be distinguished from an older one. lua.c
   * sets its hook with count 1. */
  if (interrupt->hook) run_nothing(L);
  if (interrupt->main_hook && lua_gethookcount(interrupt->main) == 1) run_hook_of_main(L, interrupt->main);
}

bool ivs_lua_interrupt_is_due(void *user) {
  const ivs_lua_interrupt *interrupt = user;
  return lua_gethook(interrupt->L) != interrupt->hook ||
         (interrupt->main && lua_gethook(interrupt->main) != interrupt->main_hook);
}

void ivs_lua_interrupt_run(ivs_lua_interrupt *interrupt) {
  lua_State *L = interrupt->L, *main = interrupt->main;
  if (!ivs_lua_interrupt_is_due(interrupt)) return;
  if (main && lua_gethook(main) != interrupt->main_hook) run_hook_of_main(L, main);
  run_nothing(L);
  note_hooks(interrupt);
}
