/*
 * The system's clock. A client may have a clock of its own: see ivs_lua_client_now.
 */
#ifndef IVS_LUA_CLOCK_H
#define IVS_LUA_CLOCK_H

/* Seconds since 1970 (UTC). */
double ivs_lua_clock_now(void);

#endif
