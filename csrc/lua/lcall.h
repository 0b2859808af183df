/*
 * One call as a Lua userdata, and the steps that both the blocking driver and ivs.core's call:next are made
 * of.
 */
#ifndef IVS_LUA_LCALL_H
#define IVS_LUA_LCALL_H

#include "compat.h"
#include "core/call.h"
#include "lclient.h"

typedef struct ivs_lcall {
  ivs_call core;
  ivs_lclient *client; /* kept alive by the call's own table */
  bool is_logging;     /* the logger is running: it must not take this call's steps */
  bool has_keys_error; /* the provider's own error object is in the call's table */
} ivs_lcall;

/* Slots of the call's own table. */
enum { IVS_LCALL_CLIENT = 1, IVS_LCALL_KEYS_ERROR, IVS_LCALL_OUTCOME };

/* Once, from luaopen_*. */
void ivs_lcall_register(lua_State *L);
/* The call at this argument; raises if it is none. */
ivs_lcall *ivs_lcall_check(lua_State *L, int index);

/*
 * Pushes a call on the client at `client_index`: the client's idle one, or a new one. ivs_lcall_release makes
 * it the idle one again; a call that is not released is simply collected.
 */
ivs_lcall *ivs_lcall_acquire(lua_State *L, int client_index);
void ivs_lcall_release(lua_State *L, int client_index, int call_index);

/* For the call at the top of the stack: reads the argument at `params_index` and begins; whatever is wrong
 * shows as the step FAILED. */
void ivs_lcall_begin(lua_State *L, ivs_lcall *call, int params_index);

/*
 * The next step. DECODE is carried out here, but for a service call. After DONE the response table, after
 * FAILED the error object has been pushed.
 */
enum ivs_step ivs_lcall_advance(lua_State *L, ivs_lcall *call, int client_index, int call_index);

/* Reports what a credentials provider gave: keys at `index`, or nil there and an error after it. */
void ivs_lcall_take_keys(lua_State *L, ivs_lcall *call, int call_index, int index);
/* ivs_lmessage_take_answer; nothing where the client has been closed meanwhile. */
const char *ivs_lcall_take_answer(lua_State *L, ivs_lcall *call, int index);

#endif
