/*
 * A Lua interpreter with the sanitizers: a program that loads a sanitized module must be linked with them,
 * and Debian's interpreters are not. Supports the part of lua(1) that the specs use: `-e CODE` and `SCRIPT
 * ARGUMENT…`. Ctrl-C raises "interrupted!".
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* gcc 12's AddressSanitizer reads the bounds of a library's thread-local block from the bytes before it,
 * which glibc no longer writes. Those bytes can be an address on which LeakSanitizer crashes. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "intercept_tls_get_addr=0";
}

static int trace(lua_State *L) {
  if (luaL_getmetafield(L, 1, "__tostring")) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    lua_replace(L, 1);
  }
  lua_getglobal(L, "debug");
  lua_getfield(L, -1, "traceback");
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

static lua_State *running;

static void stop(lua_State *L, lua_Debug *event) {
  (void)event;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "interrupted!");
}

/* As in lua.c: the hook raises the error where errors may be raised. */
static void on_interrupt(int number) {
  signal(number, SIG_DFL);
  lua_sethook(running, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/* Runs the loaded chunk; drops its results. */
static int run(lua_State *L, int loaded, int arguments) {
  int failed = loaded;
  if (!failed) {
    int base = lua_gettop(L) - arguments;
    lua_pushcfunction(L, trace);
    lua_insert(L, base);
    running = L;
    signal(SIGINT, on_interrupt);
    failed = lua_pcall(L, arguments, 0, base);
    signal(SIGINT, SIG_DFL);
  }
  if (failed) fprintf(stderr, "lua: %s\n", lua_tostring(L, -1) ? lua_tostring(L, -1) : "(error object)");
  return failed;
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (!L) return EXIT_FAILURE;
  luaL_openlibs(L);
  int first = 1, failed = 0;
  while (!failed && first + 1 < argc && strcmp(argv[first], "-e") == 0) {
    failed = run(L, luaL_loadstring(L, argv[first + 1]), 0);
    first += 2;
  }
  if (!failed && first < argc) {
    lua_newtable(L);
    for (int i = 0; i < argc; i++) {
      lua_pushstring(L, argv[i]);
      lua_rawseti(L, -2, i - first);
    }
    lua_setglobal(L, "arg");
    luaL_checkstack(L, argc, "too many arguments");
    int loaded = luaL_loadfile(L, argv[first]);
    for (int i = first + 1; !loaded && i < argc; i++) lua_pushstring(L, argv[i]);
    failed = run(L, loaded, loaded ? 0 : argc - first - 1);
  }
  lua_close(L);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
