/*
 * The argument of the call: a table { arn = "…" }, or the ARN as a string (DESIGN 1.1).
 */
#ifndef IVS_LUA_PARAMS_H
#define IVS_LUA_PARAMS_H

#include "lua/compat.h"
#include "core/failure.h"

/* Raises where the argument is neither table, string nor nil. */
void ivs_lua_params_check_type(lua_State *L, int index);
/* The same, and where another argument follows it. */
void ivs_lua_params_check_arguments(lua_State *L, int index);
/* True with the ARN, which stays valid while the argument does and the stack is not cut back; or false with a
 * ParamValidationError that names all that is wrong at once, in botocore's words. Raises where the argument
 * is neither table, string nor nil. */
bool ivs_lua_params_read(lua_State *L, int index, ivs_slice *arn, ivs_failure *failure);

#endif
