/* Parameter validation, as botocore's ParamValidator does it: presence, type, unknown names. */
#include "lua/params.h"
#include "lua/objects.h"

#include <stdio.h>
#include <string.h>

enum { REPORT_CAP = 2048 };

/* A Lua value in a few printable characters. */
static void add_value(ivs_buffer *out, lua_State *L, int index) {
  char number[40];
  switch (lua_type(L, index)) {
  case LUA_TSTRING: {
    ivs_slice text;
    text.data = lua_tolstring(L, index, &text.length);
    for (size_t i = 0; i < text.length && i < 100; i++)
      ivs_buffer_add_byte(out,
                          (unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f ? '?' : text.data[i]);
    break;
  }
  case LUA_TNUMBER:
    snprintf(number, sizeof number, "%.14g", lua_tonumber(L, index));
    ivs_buffer_add_text(out, number);
    break;
  case LUA_TBOOLEAN:
    ivs_buffer_add_text(out, lua_toboolean(L, index) ? "true" : "false");
    break;
  default:
    ivs_buffer_add_text(out, luaL_typename(L, index));
  }
}

static void add_unknown(ivs_buffer *report, lua_State *L, int index) {
  ivs_buffer_add_text(report, "\nUnknown parameter in input: \"");
  add_value(report, L, index);
  ivs_buffer_add_text(report, "\", must be one of: arn");
}

static void add_wrong_type(ivs_buffer *report, lua_State *L, int index) {
  ivs_buffer_add_text(report, "\nInvalid type for parameter arn, value: ");
  add_value(report, L, index);
  ivs_buffer_add_format(report, ", type: %s, valid types: string", luaL_typename(L, index));
}

/* Adds a line for each fault of the table; leaves the ARN in *arn if it is good, and the member on the stack:
 * a metamethod may have made the text, and then nothing else keeps it. */
static void check_table(lua_State *L, int index, ivs_slice *arn, ivs_buffer *report) {
  lua_getfield(L, index, "arn");
  if (lua_isnil(L, -1)) ivs_buffer_add_text(report, "\nMissing required parameter in input: \"arn\"");
  lua_pushnil(L);
  while (lua_next(L, index)) {
    ivs_slice name = {NULL, 0};
    if (lua_type(L, -2) == LUA_TSTRING) name.data = lua_tolstring(L, -2, &name.length);
    bool is_arn = ivs_text_equal(name, "arn");
    if (!is_arn) add_unknown(report, L, lua_absindex(L, -2));
    lua_pop(L, 1);
  }
  if (lua_type(L, -1) == LUA_TSTRING)
    arn->data = lua_tolstring(L, -1, &arn->length);
  else if (!lua_isnil(L, -1))
    add_wrong_type(report, L, lua_gettop(L));
}

void ivs_lua_params_check_type(lua_State *L, int index) {
  if (lua_isnoneornil(L, index) || lua_istable(L, index) || lua_type(L, index) == LUA_TSTRING) return;
  luaL_argerror(L, index, lua_pushfstring(L, "table or string expected, got %s", luaL_typename(L, index)));
}

void ivs_lua_params_check_arguments(lua_State *L, int index) {
  ivs_lua_params_check_type(L, index);
  if (!lua_isnoneornil(L, index + 1))
    luaL_argerror(L, index + 1, "one argument expected: the ARN, or a table { arn = … }");
}

bool ivs_lua_params_read(lua_State *L, int index, ivs_slice *arn, ivs_failure *failure) {
  if (lua_type(L, index) == LUA_TSTRING) {
    arn->data = lua_tolstring(L, index, &arn->length);
    return true;
  }
  ivs_lua_params_check_type(L, index);
  ivs_buffer *report = ivs_lua_objects_new_buffer(L, REPORT_CAP);
  if (lua_istable(L, index))
    check_table(L, index, arn, report);
  else
    ivs_buffer_add_text(report, "\nMissing required parameter in input: \"arn\"");
  bool good = report->length == 0 && !ivs_buffer_status(report);
  if (!good)
    ivs_failure_format(failure, IVS_KIND_PARAMS, "ParamValidationError", "Parameter validation failed:%s",
                       ivs_buffer_text(report));
  ivs_buffer_free(report);
  return good;
}
