/*
 * Handles Ctrl-C during waits in C code.
 *
 * On SIGINT the Lua interpreter sets a hook that raises "interrupted!" at the next Lua instruction (lua.c,
 * laction and lstop). No Lua instruction runs during a wait in C, so each wait of this driver ends when a
 * signal handler has set a hook, and the hook is run here. Hooks that are set for other reasons are run as
 * well; if they raise no error, the wait continues.
 *
 * Not for: hooks of coroutines other than the caller. The interpreter sets its hook on the main thread; if
 * the caller is a coroutine, the hook is moved to it. In Lua 5.1 C code cannot find the main thread, so its
 * hook runs when the main thread resumes.
 */
#ifndef IVS_LUA_INTERRUPT_H
#define IVS_LUA_INTERRUPT_H

#include "lua/compat.h"

#include <stdbool.h>

/* How often a wait checks for a hook. A signal may be handled in another thread, which does not end the
 * wait. */
#define IVS_LUA_INTERRUPT_SECONDS 0.25

typedef struct ivs_lua_interrupt {
  lua_State *L, *main; /* main: NULL if it is L or unknown */
  lua_Hook hook, main_hook;
} ivs_lua_interrupt;

/* To be called before a wait. Runs a hook that is already set, and raises its error. */
void ivs_lua_interrupt_begin(lua_State *L, ivs_lua_interrupt *interrupt);
/* Whether a hook has been set since then. Runs no Lua code. `user` is an ivs_lua_interrupt. */
bool ivs_lua_interrupt_is_due(void *user);
/* Runs the hook if one is due, and raises its error. To be called where an error leaks nothing. */
void ivs_lua_interrupt_run(ivs_lua_interrupt *interrupt);

#endif
