/*
 * Failures as Lua error objects (docs/design.md, "Errors"), and the table ivs.exceptions.
 *
 * lua/ivs/failure.lua defines the metatable of error objects, also for the providers, which are written in
 * Lua.
 */
#ifndef IVS_LUA_FAILURE_H
#define IVS_LUA_FAILURE_H

#include "lua/compat.h"
#include "core/call.h"

/* Once, from luaopen_*. */
void ivs_lua_failure_register(lua_State *L);
/* Pushes an empty failure that the garbage collector frees. */
ivs_failure *ivs_lua_failure_new(lua_State *L);
/* Pushes nil and an error object; returns 2, the number of results of a C function. */
int ivs_lua_failure_return(lua_State *L, const ivs_failure *failure);
/* Raises the error object for an ivs_status, in functions that do not return errors. */
int ivs_lua_failure_raise(lua_State *L, int status, const char *doing);
/* Pushes the error object of a call that FAILED, with the status, request ID and headers of its last
 * response. */
void ivs_lua_failure_push_call(lua_State *L, const ivs_call *call);
/* Pushes the read-only table of all codes, each under its own name. Reading an unknown name raises an
 * error. */
void ivs_lua_failure_push_exceptions(lua_State *L);

/* Whether the value is an error object of this package. */
bool ivs_lua_failure_is(lua_State *L, int index);
/* Sets operation_name of the error object at the index, unless it is already set, for example by a call of
 * AWS STS. */
void ivs_lua_failure_set_operation(lua_State *L, int index, const char *name);
/* Replaces the table at the top by a copy, because callers may add fields to the errors that they receive. */
void ivs_lua_failure_copy(lua_State *L);
/* Pushes an error object for the error value of Lua code: an error object is pushed unchanged; for other
 * values the missing fields get these defaults (failure.whole in lua/ivs/failure.lua). No metamethod of the
 * value runs. */
void ivs_lua_failure_push_whole(lua_State *L, int index, enum ivs_kind kind, const char *code,
                                const char *message, bool retryable);

/* An error object with the core's types. The slices stay valid as long as the object. */
typedef struct ivs_lua_failure_view {
  enum ivs_kind kind;
  ivs_slice code, message;
  bool retryable;
} ivs_lua_failure_view;
ivs_lua_failure_view ivs_lua_failure_read(lua_State *L, int index);

/* Pushes the response's headers: names in lower case, values of repeated headers joined with ", ". */
void ivs_lua_failure_push_headers(lua_State *L, const ivs_response *response);
/* Pushes the request ID, or nil. */
void ivs_lua_failure_push_request_id(lua_State *L, const ivs_response *response);

#endif
