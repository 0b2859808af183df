/*
 * The system's two clocks, in seconds. A client may have a clock of its own: see ivs_lua_client_now.
 */
#ifndef IVS_LUA_CLOCK_H
#define IVS_LUA_CLOCK_H

/* Seconds since 1970 (UTC). */
double ivs_lua_clock_now(void);
/* For durations: not affected when somebody sets the time. */
double ivs_lua_clock_monotonic(void);

#endif
