/*
 * Runs a program and takes what it prints: for credential_process, in plain scripts. Blocks until it ends.
 */
#ifndef IVS_LUA_PROCESS_H
#define IVS_LUA_PROCESS_H

#include "compat.h"

/* Once, from luaopen_ivs. */
void ivs_process_register(lua_State *L);

/*
 * Lua: run(argv, { timeout, max_bytes, env? }) → { status | signal, stdout, stderr } | nil, message
 *
 * No shell takes part; stdin is empty; no descriptor of ours but the two pipes is inherited. The program has
 * a process group of its own, which is killed when the time (seconds) or the output (bytes, of each stream)
 * goes over. env: a table that takes the environment's place. No descriptor and no child is left behind.
 */
int ivs_process_run(lua_State *L);

#endif
