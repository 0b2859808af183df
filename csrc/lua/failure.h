/*
 * Failures as Lua error objects (docs/design.md, "Errors"), and the table ivs.exceptions.
 *
 * The objects' metatable stands in lua/ivs/failure.lua, which the providers written in Lua use as well.
 */
#ifndef IVS_LUA_FAILURE_H
#define IVS_LUA_FAILURE_H

#include "lua/compat.h"
#include "core/call.h"

/* Once, from luaopen_*. */
void ivs_lua_failure_register(lua_State *L);
/* Pushes an empty failure that the garbage collector frees. */
ivs_failure *ivs_lua_failure_new(lua_State *L);
/* Pushes nil and an error object; returns 2, so that a C function can end with it. */
int ivs_lua_failure_return(lua_State *L, const ivs_failure *failure);
/* Raises the error object of an ivs_status, for functions that cannot return it. */
int ivs_lua_failure_raise(lua_State *L, int status, const char *doing);
/* Pushes the error object of a call that FAILED, with the status, request ID and headers of its last response. */
void ivs_lua_failure_push_call(lua_State *L, const ivs_call *call);
/* Pushes the read-only table of all codes, each under its own name. Reading a name that is not there raises. */
void ivs_lua_failure_push_exceptions(lua_State *L);

/* Whether the value is an error object of ours. */
bool ivs_lua_failure_is(lua_State *L, int index);
/* Gives the error object at the index the name of its call's operation, unless it has one: of a call of STS, for example. */
void ivs_lua_failure_set_operation(lua_State *L, int index, const char *name);
/* Replaces the table at the top by a copy of its own: callers add to the errors that they get. */
void ivs_lua_failure_copy(lua_State *L);
/* Pushes an error object for what Lua code gave in place of a result: an error object as it is, else one whose
 * missing parts are the defaults (failure.whole in lua/ivs/failure.lua). No metamethod of the value runs. */
void ivs_lua_failure_push_whole(lua_State *L, int index, enum ivs_kind kind, const char *code,
                                const char *message, bool retryable);

/* An error object in the core's terms. The slices stay valid while the object does. */
typedef struct ivs_lua_failure_view {
  enum ivs_kind kind;
  ivs_slice code, message;
  bool retryable;
} ivs_lua_failure_view;
ivs_lua_failure_view ivs_lua_failure_read(lua_State *L, int index);

/* Pushes the response's headers: lower-case names; repeated ones joined by ", ". */
void ivs_lua_failure_push_headers(lua_State *L, const ivs_response *response);
/* Pushes the request id, or nil. */
void ivs_lua_failure_push_request_id(lua_State *L, const ivs_response *response);

#endif
