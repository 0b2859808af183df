/*
 * One call as a Lua userdata, and the steps that both the blocking driver and ivs.core's call:next are made
 * of.
 */
#ifndef IVS_LUA_CALL_H
#define IVS_LUA_CALL_H

#include "lua/compat.h"
#include "core/call.h"
#include "lua/client.h"

typedef struct ivs_lua_call {
  ivs_call core;
  ivs_lua_client *client;          /* kept alive by the call's own table */
  bool is_logging;                 /* the logger is running: it must not take this call's steps */
  bool has_provider_error;         /* the provider's own error object is in the call's table */
  bool shares_credentials;         /* with the client's other calls that are under way (provider.h) */
  unsigned long awaited;           /* the number of the asking that the call waits for; 0: none */
  ivs_operation service_operation; /* of a service call; its texts live in the client's settings table */
  ivs_operation_error service_errors[2];
} ivs_lua_call;

/* Slots of the call's own table. */
enum { IVS_LUA_CALL_CLIENT = 1, IVS_LUA_CALL_PROVIDER_ERROR, IVS_LUA_CALL_OUTCOME, IVS_LUA_CALL_PACE };

/* Once, from luaopen_*. */
void ivs_lua_call_register(lua_State *L);
/* The call at this argument; raises if it is none. */
ivs_lua_call *ivs_lua_call_check(lua_State *L, int index);

/*
 * Pushes a call on the client at `client_index`: the client's idle one, or a new one. ivs_lua_call_release makes
 * it the idle one again; a call that is not released is simply collected.
 */
ivs_lua_call *ivs_lua_call_acquire(lua_State *L, int client_index);
void ivs_lua_call_release(lua_State *L, int client_index, int call_index);

/* For the call at the top of the stack: reads the parameters at `params_index` and begins a call of the operation. A
 * failure shows as the step FAILED. */
void ivs_lua_call_begin(lua_State *L, ivs_lua_call *call, const ivs_operation *operation, int params_index);

/*
 * The next step. SLEEP may also be a wait for the credentials that another call asks for (provider.h). DECODE is carried out
 * here where the operation has an output shape. After DONE the response table, after FAILED the error object has been pushed.
 */
enum ivs_step ivs_lua_call_advance(lua_State *L, ivs_lua_call *call, int client_index, int call_index);

/* Reports what a credentials provider gave: credentials at `index`, or nil there and an error after it. */
void ivs_lua_call_take_credentials(lua_State *L, ivs_lua_call *call, int call_index, int index);
/* ivs_lua_message_take_response; nothing where the client has been closed meanwhile. */
const char *ivs_lua_call_take_response(lua_State *L, ivs_lua_call *call, int index);

#endif
