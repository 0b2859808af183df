/*
 * One call of a client at a time asks its provider; the others wait for that answer and share it, a failure included.
 *
 * For loops that carry out several calls of one client at once (ivs.core). A call that needs credentials while another asks gets
 * the step "sleep", IVS_LUA_PROVIDER_PAUSE seconds at a time. While the credentials in use are valid for another ten minutes, it
 * goes on with them (botocore.credentials, RefreshableCredentials: the mandatory refresh). Nobody waits for a call that has been
 * collected, or that has not answered for IVS_LUA_PROVIDER_LEASE seconds: the next one asks.
 *
 * Not for: resty.ivs, which shares answers by semaphores (lua/resty/ivs/refresh.lua); the blocking driver, where a call asks and
 * has its answer before another one runs.
 */
#ifndef IVS_LUA_PROVIDER_H
#define IVS_LUA_PROVIDER_H

#include "lua/call.h"

#define IVS_LUA_PROVIDER_PAUSE 0.05
/* The longest that a provider is allowed (lua/ivs/credentials/process.lua). */
#define IVS_LUA_PROVIDER_LEASE 60

enum ivs_lua_provider_turn {
  IVS_LUA_PROVIDER_REFRESH,     /* the call's owner asks the provider */
  IVS_LUA_PROVIDER_WAIT,    /* another one does: sleep, and take a turn again */
  IVS_LUA_PROVIDER_REPORTED /* the call has its answer: take the next step */
};

/* For a call at the step CREDENTIALS. now: seconds since 1970 by the client's clock. */
enum ivs_lua_provider_turn ivs_lua_provider_take_turn(lua_State *L, ivs_lua_call *call, int client_index,
                                                      int call_index, double now);
/* Whether the call waits for another one's answer. */
bool ivs_lua_provider_is_waiting(const ivs_lua_call *call);
/* Keeps what the call's owner was answered, for those that wait: the error object at the index; 0: credentials. */
void ivs_lua_provider_finish(lua_State *L, ivs_lua_call *call, int call_index, int error);
/* The call is over, or collected: nobody waits for it any more. */
void ivs_lua_provider_release(ivs_lua_call *call);

#endif
