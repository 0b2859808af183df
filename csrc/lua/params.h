/*
 * Reads the argument of a call: a table of the operation's parameters; or, if the first parameter is a
 * required string (the ARN of GetRecordingConfiguration), that string.
 */
#ifndef IVS_LUA_PARAMS_H
#define IVS_LUA_PARAMS_H

#include "lua/compat.h"
#include "core/failure.h"
#include "core/operation.h"

/* Raises if the argument has an invalid type. nil is equivalent to an empty table. */
void ivs_lua_params_check_type(lua_State *L, int index, const ivs_operation *operation);
/* The same; also raises if there is another argument. */
void ivs_lua_params_check_arguments(lua_State *L, int index, const ivs_operation *operation);
/*
 * Validates the parameters like botocore's ParamValidator (validate.py). True: `arguments` has the row's
 * parameters in order. Their texts stay valid as long as the values that this function leaves on the stack.
 * False: the failure is a ParamValidationError that lists every problem. Raises like
 * ivs_lua_params_check_type.
 */
bool ivs_lua_params_read(lua_State *L, int index, const ivs_operation *operation,
                         ivs_argument arguments[IVS_OPERATION_PARAMETERS_MAX], ivs_failure *failure);

#endif
