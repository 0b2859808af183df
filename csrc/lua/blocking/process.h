/*
 * Runs a program and takes what it prints: for credential_process, in plain scripts. Blocks until it ends.
 */
#ifndef IVS_LUA_PROCESS_H
#define IVS_LUA_PROCESS_H

#include "lua/compat.h"

/* Once, from luaopen_ivs. */
void ivs_lua_process_register(lua_State *L);

/*
 * Lua: run(argv, { timeout, max_bytes, env? }) → { status | signal, stdout, stderr } | nil, message
 *
 * argv[1] is the program's path. No shell takes part. The program is killed when the time (seconds) or the
 * output (bytes, of each stream) goes over. env: a table that takes the environment's place. No descriptor and
 * no child is left behind.
 *
 * In the foreground of a terminal the program can ask the person: it stays in our process group, which Ctrl-C
 * reaches as a whole, and inherits stdin. Elsewhere stdin is empty, and the program has a process group of its
 * own, which is killed with it. No other descriptor of ours but the two pipes is inherited.
 */
int ivs_lua_process_run(lua_State *L);

#endif
