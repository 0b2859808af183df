/*
 * Only one call of a client at a time refreshes the credentials by calling the provider. The other calls wait
 * and share the result, including a failure.
 *
 * For event loops that run several calls of one client concurrently (ivs.core). A call that needs credentials
 * during a refresh gets the step "sleep", IVS_LUA_PROVIDER_PAUSE seconds at a time. If the current
 * credentials are valid for ten more minutes, it continues with them (botocore.credentials,
 * RefreshableCredentials: the mandatory refresh). If the refreshing call is garbage-collected or takes longer
 * than IVS_LUA_PROVIDER_LEASE seconds, another call takes over the refresh.
 *
 * Not for: resty.ivs, which shares results with semaphores (lua/resty/ivs/refresh.lua); the blocking driver,
 * where a refresh ends before another call runs.
 */
#ifndef IVS_LUA_PROVIDER_H
#define IVS_LUA_PROVIDER_H

#include "lua/call.h"

#define IVS_LUA_PROVIDER_PAUSE 0.05
/* The longest time that a provider may take (lua/ivs/credentials/process.lua). */
#define IVS_LUA_PROVIDER_LEASE 60

enum ivs_lua_provider_turn {
  IVS_LUA_PROVIDER_REFRESH, /* the call's owner calls the provider */
  IVS_LUA_PROVIDER_WAIT,    /* another call does: sleep, then try again */
  IVS_LUA_PROVIDER_REPORTED /* the result has been reported to the call: take the next step */
};

/* For a call at the step CREDENTIALS. now: seconds since 1970, from the client's clock. */
enum ivs_lua_provider_turn ivs_lua_provider_take_turn(lua_State *L, ivs_lua_call *call, int client_index,
                                                      int call_index, double now);
/* Whether the call waits for another call's refresh. */
bool ivs_lua_provider_is_waiting(const ivs_lua_call *call);
/* Ends the call's refresh and stores its result for the waiting calls. error: the index of the error object;
 * 0: success. */
void ivs_lua_provider_finish(lua_State *L, ivs_lua_call *call, int call_index, int error);
/* The call has ended or is being garbage-collected: no other call waits for it any more. */
void ivs_lua_provider_release(ivs_lua_call *call);

#endif
