/*
 * A call as a Lua userdata, and its steps. The blocking driver and call:next of ivs.core are built on them.
 */
#ifndef IVS_LUA_CALL_H
#define IVS_LUA_CALL_H

#include "lua/compat.h"
#include "core/call.h"
#include "lua/client.h"

typedef struct ivs_lua_call {
  ivs_call core;
  ivs_lua_client *client;          /* the call's own table keeps it alive */
  bool is_logging;                 /* the logger is running; it must not advance this call */
  bool has_provider_error;         /* the call's table has the provider's error object */
  bool shares_credentials;         /* with the client's other running calls (provider.h) */
  unsigned long awaited_refresh;   /* the number of the refresh that the call waits for; 0: none */
  ivs_operation service_operation; /* of a service call; the client's settings table owns its texts */
  ivs_operation_error service_errors[2];
} ivs_lua_call;

/* Slots of the call's own table. */
enum { IVS_LUA_CALL_CLIENT = 1, IVS_LUA_CALL_PROVIDER_ERROR, IVS_LUA_CALL_OUTCOME, IVS_LUA_CALL_PACE };

/* Once, from luaopen_*. */
void ivs_lua_call_register(lua_State *L);
/* The call at this argument; raises if it is not a call. */
ivs_lua_call *ivs_lua_call_check(lua_State *L, int index);

/*
 * Pushes a call of the client at `client_index`: the client's idle call, or a new one. ivs_lua_call_release
 * makes it the idle call again. A call that is not released is garbage-collected.
 */
ivs_lua_call *ivs_lua_call_acquire(lua_State *L, int client_index);
void ivs_lua_call_release(lua_State *L, int client_index, int call_index);

/* Reads the parameters at `params_index` and begins the call at the top of the stack. After a failure the
 * next step is FAILED. */
void ivs_lua_call_begin(lua_State *L, ivs_lua_call *call, const ivs_operation *operation, int params_index);

/*
 * Returns the next step. SLEEP may also be a wait for credentials that another call is requesting
 * (provider.h). If the operation has an output shape, DECODE is carried out here. For DONE the response table
 * is pushed, for FAILED the error object.
 */
enum ivs_step ivs_lua_call_advance(lua_State *L, ivs_lua_call *call, int client_index, int call_index);

/* Reports the result of the provider: credentials at `index`, or nil there and an error after it. */
void ivs_lua_call_take_credentials(lua_State *L, ivs_lua_call *call, int call_index, int index);
/* The same as ivs_lua_message_take_response; does nothing if the client has been closed. */
const char *ivs_lua_call_take_response(lua_State *L, ivs_lua_call *call, int index);

#endif
