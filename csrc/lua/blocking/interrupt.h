/*
 * Ctrl-C while C waits.
 *
 * The Lua interpreter answers SIGINT by setting a hook that raises "interrupted!" at the next Lua instruction (lua.c, laction and
 * lstop). No Lua instruction runs while C waits, so each wait of this driver ends when a signal handler has set a hook, and the
 * hook is then run here. A hook that a program sets for another reason is run as well; if it does not raise, the wait goes on.
 *
 * Not for: hooks of a coroutine other than the one that called. The interpreter sets its hook on the main thread; where the
 * caller is a coroutine, the hook is moved to it. Lua 5.1 does not tell the main thread, so there the hook of the main thread
 * runs when that resumes.
 */
#ifndef IVS_LUA_INTERRUPT_H
#define IVS_LUA_INTERRUPT_H

#include "lua/compat.h"

#include <stdbool.h>

/* A signal handler runs in any thread of the process: a wait looks for a hook this often, besides when a signal ends it. */
#define IVS_LUA_INTERRUPT_SECONDS 0.25

typedef struct ivs_lua_interrupt {
  lua_State *L, *main; /* main: NULL if it is L, or is not known */
  lua_Hook hook, main_hook;
} ivs_lua_interrupt;

/* Before a wait. Runs a hook that is set already; raises what it raises. */
void ivs_lua_interrupt_begin(lua_State *L, ivs_lua_interrupt *interrupt);
/* Whether a hook has been set since; enters no Lua. `user` is an ivs_lua_interrupt. */
bool ivs_lua_interrupt_is_due(void *user);
/* Runs the hook that is due, if one is, and raises what it raises. To be called where an error leaves nothing behind. */
void ivs_lua_interrupt_run(ivs_lua_interrupt *interrupt);

#endif
