/*
 * The argument of a call: a table of the operation's parameters; or, where the first parameter is a required string (the
 * ARN of GetRecordingConfiguration), that string.
 */
#ifndef IVS_LUA_PARAMS_H
#define IVS_LUA_PARAMS_H

#include "lua/compat.h"
#include "core/failure.h"
#include "core/operation.h"

/* Raises if the argument is of a type that the operation never takes. nil stands for an empty table. */
void ivs_lua_params_check_type(lua_State *L, int index, const ivs_operation *operation);
/* The same, and raises if another argument follows. */
void ivs_lua_params_check_arguments(lua_State *L, int index, const ivs_operation *operation);
/*
 * Validates the parameters as botocore's ParamValidator does (validate.py). True: `arguments` has the row's parameters in
 * order; the texts stay valid while the values that this leaves on the stack do. False: the failure is a
 * ParamValidationError that lists every problem. Raises as ivs_lua_params_check_type.
 */
bool ivs_lua_params_read(lua_State *L, int index, const ivs_operation *operation,
                         ivs_argument arguments[IVS_OPERATION_PARAMETERS_MAX], ivs_failure *failure);

#endif
