/*
 * ivs.private: C functions for the command and the specs, not for users. They may change in any release.
 *
 *   private.system.now()                → seconds since 1970
 *   private.system.monotonic()          → seconds of the monotonic clock
 *   private.system.sleep(seconds)       Ctrl-C ends it
 *   private.system.terminal_width(fd)   → columns | nil: the descriptor is not a terminal
 *   private.identify(client)            see ivs_lua_blocking_identify
 */
#ifndef IVS_LUA_PRIVATE_H
#define IVS_LUA_PRIVATE_H

#include "lua/compat.h"

/* Pushes the table. */
void ivs_lua_private_push(lua_State *L);

#endif
