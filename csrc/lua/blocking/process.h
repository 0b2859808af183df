/*
 * Runs a program and returns its output: for credential_process, in scripts. Blocks until the program ends.
 */
#ifndef IVS_LUA_PROCESS_H
#define IVS_LUA_PROCESS_H

#include "lua/compat.h"

/* Once, from luaopen_ivs. */
void ivs_lua_process_register(lua_State *L);

/*
 * Lua: run(argv, { timeout, max_bytes, env? }) → { status | signal, stdout, stderr } | nil, message
 *
 * argv[1] is the program's path. No shell is used. The program is killed if it exceeds the timeout (seconds)
 * or the maximum output (bytes of each stream). env: a table that replaces the environment. Leaves no
 * descriptor and no child process behind.
 *
 * In the foreground of a terminal the program may prompt the user: it stays in this process group, so Ctrl-C
 * reaches it, and inherits stdin. Otherwise stdin is empty, and the program has its own process group, which
 * is killed with it. The program inherits no other descriptors except the two pipes.
 */
int ivs_lua_process_run(lua_State *L);

#endif
