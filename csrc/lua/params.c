/* Validates parameters, with botocore's messages: missing and unknown names, types, ranges. */
#include "lua/params.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REPORT_MAX = 2048, SHOWN_MAX = 100 };

/* The problems, one line each, truncated to REPORT_MAX. On the C stack, because a metamethod may raise an
 * error at any time. */
typedef struct report {
  size_t length;
  char text[REPORT_MAX];
} report;

static void add(report *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(report *out, const char *format, ...) {
  const size_t room = sizeof out->text - out->length;
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(out->text + out->length, room, format, arguments);
  va_end(arguments);
  if (length > 0) out->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* Appends a short printable form of a Lua value. */
static void add_value(report *out, lua_State *L, int index) {
  char text[SHOWN_MAX + 1];
  ivs_slice value;
  switch (lua_type(L, index)) {
  case LUA_TSTRING:
    value.data = lua_tolstring(L, index, &value.length);
    value.length = ivs_text_truncated_length(value, SHOWN_MAX);
    memcpy(text, value.data, value.length);
    ivs_text_make_printable(text, value.length);
    add(out, "%.*s", (int)value.length, text);
    break;
  case LUA_TNUMBER:
    add(out, "%.14g", lua_tonumber(L, index));
    break;
  case LUA_TBOOLEAN:
    add(out, "%s", lua_toboolean(L, index) ? "true" : "false");
    break;
  default:
    add(out, "%s", luaL_typename(L, index));
  }
}

static void add_missing(report *out, const ivs_parameter *parameter) {
  add(out, "\nMissing required parameter in input: \"%s\"", parameter->name);
}

/* index: the position of the name */
static void add_unknown(report *out, lua_State *L, int index, const ivs_operation *operation) {
  add(out, "\nUnknown parameter in input: \"");
  add_value(out, L, index);
  add(out, "\", must be one of: ");
  for (const ivs_parameter *parameter = operation->parameters; parameter->name; parameter++)
    add(out, "%s%s", parameter == operation->parameters ? "" : ", ", parameter->name);
}

static void add_invalid(report *out, lua_State *L, int index, const char *what,
                        const ivs_parameter *parameter) {
  add(out, "\nInvalid %s for parameter %s, value: ", what, parameter->name);
  add_value(out, L, index);
}

static const ivs_parameter *find(const ivs_operation *operation, ivs_slice name) {
  for (const ivs_parameter *parameter = operation->parameters; parameter->name; parameter++)
    if (ivs_text_equal(name, parameter->name)) return parameter;
  return NULL;
}

static void check_names(lua_State *L, int index, const ivs_operation *operation, report *out) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    ivs_slice name = {NULL, 0};
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) name.data = lua_tolstring(L, -1, &name.length);
    if (!find(operation, name)) add_unknown(out, L, lua_gettop(L), operation);
  }
}

static void read_string(lua_State *L, int index, const ivs_parameter *parameter, ivs_argument *argument,
                        report *out) {
  if (lua_type(L, index) != LUA_TSTRING) {
    add_invalid(out, L, index, "type", parameter);
    add(out, ", type: %s, valid types: string", luaL_typename(L, index));
    return;
  }
  argument->text.data = lua_tolstring(L, index, &argument->text.length);
  if (!ivs_text_is_utf8(argument->text))
    add(out, "\nInvalid value for parameter %s: it is not valid UTF-8", parameter->name);
}

static void read_integer(lua_State *L, int index, const ivs_parameter *parameter, ivs_argument *argument,
                         report *out) {
  const bool is_number = lua_type(L, index) == LUA_TNUMBER;
  const double number = is_number ? lua_tonumber(L, index) : 0;
  if (!is_number || !isfinite(number) || number != floor(number)) {
    add_invalid(out, L, index, "type", parameter);
    add(out, ", type: %s, valid types: integer", luaL_typename(L, index));
  } else if (number < parameter->minimum) {
    add_invalid(out, L, index, "value", parameter);
    add(out, ", valid min value: %d", parameter->minimum);
  } else if (number > parameter->maximum) { /* botocore does not check this */
    add_invalid(out, L, index, "value", parameter);
    add(out, ", valid max value: %d", parameter->maximum);
  }
  argument->number = number;
}

/* Reads the value at the top of the stack. nil: the parameter is absent. */
static void read_value(lua_State *L, const ivs_parameter *parameter, ivs_argument *argument, report *out) {
  const int index = lua_gettop(L);
  *argument = (ivs_argument){.is_given = !lua_isnil(L, index)};
  if (!argument->is_given) return;
  if (parameter->type == IVS_SHAPE_STRING)
    read_string(L, index, parameter, argument, out);
  else
    read_integer(L, index, parameter, argument, out);
}

/* Whether the argument may be a string: the value of the first parameter. */
static bool takes_string(const ivs_operation *operation) {
  return operation->parameters[0].is_required && operation->parameters[0].type == IVS_SHAPE_STRING;
}

void ivs_lua_params_check_type(lua_State *L, int index, const ivs_operation *operation) {
  if (lua_isnoneornil(L, index) || lua_istable(L, index)) return;
  if (takes_string(operation) && lua_type(L, index) == LUA_TSTRING) return;
  luaL_argerror(L, index,
                lua_pushfstring(L, "%s expected, got %s",
                                takes_string(operation) ? "table or string" : "table",
                                luaL_typename(L, index)));
}

void ivs_lua_params_check_arguments(lua_State *L, int index, const ivs_operation *operation) {
  ivs_lua_params_check_type(L, index, operation);
  if (lua_isnoneornil(L, index + 1)) return;
  const char *first = operation->parameters[0].name;
  if (takes_string(operation))
    lua_pushfstring(L, "one argument expected: the %s, or a table { %s = … }",
                    strcmp(first, "arn") == 0 ? "ARN" : first, first);
  else
    lua_pushfstring(L, "one argument expected: a table { %s = … }", first);
  luaL_argerror(L, index + 1, lua_tostring(L, -1));
}

/* Leaves the values on the stack, which keeps strings alive that a metamethod has created. */
static void read_table(lua_State *L, int index, const ivs_operation *operation, ivs_argument *arguments,
                       report *out) {
  const ivs_parameter *parameters = operation->parameters;
  const int first = lua_gettop(L) + 1;
  size_t count = 0;
  for (; parameters[count].name; count++) {
    lua_getfield(L, index, parameters[count].name);
    if (lua_isnil(L, -1) && parameters[count].is_required) add_missing(out, &parameters[count]);
  }
  check_names(L, index, operation, out);
  for (size_t i = 0; i < count; i++) {
    lua_pushvalue(L, first + (int)i);
    read_value(L, &parameters[i], &arguments[i], out);
    lua_pop(L, 1);
  }
}

bool ivs_lua_params_read(lua_State *L, int index, const ivs_operation *operation,
                         ivs_argument arguments[IVS_OPERATION_PARAMETERS_MAX], ivs_failure *failure) {
  ivs_lua_params_check_type(L, index, operation);
  luaL_checkstack(L, IVS_OPERATION_PARAMETERS_MAX + 10, NULL);
  report problems;
  problems.length = 0;
  if (lua_type(L, index) == LUA_TSTRING) {
    memset(arguments, 0, sizeof *arguments * IVS_OPERATION_PARAMETERS_MAX);
    lua_pushvalue(L, index);
    read_value(L, operation->parameters, arguments, &problems);
  } else {
    if (lua_istable(L, index))
      lua_pushvalue(L, index);
    else
      lua_newtable(L);
    read_table(L, lua_gettop(L), operation, arguments, &problems);
  }
  if (problems.length)
    ivs_failure_format(failure, IVS_KIND_PARAMS, "ParamValidationError", "Parameter validation failed:%s",
                       problems.text);
  return problems.length == 0;
}
