/* Pushes failures as error objects, and reads error objects. */
#include "lua/failure.h"
#include "lua/objects.h"

#include <string.h>

static const char metatable_key, whole_key, copy_key;

static int collect(lua_State *L) {
  ivs_failure_free(lua_touserdata(L, 1));
  return 0;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const ivs_object_type failure_type = {"ivs.failure", metamethods};

ivs_failure *ivs_lua_failure_new(lua_State *L) {
  ivs_failure *failure = ivs_lua_objects_new(L, &failure_type, sizeof *failure);
  ivs_failure_init(failure);
  return failure;
}

void ivs_lua_failure_register(lua_State *L) {
  ivs_lua_objects_register(L, &failure_type);
  ivs_lua_objects_require(L, "ivs.failure");
  lua_getfield(L, -1, "metatable");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
  lua_getfield(L, -1, "whole");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &whole_key);
  lua_getfield(L, -1, "copy");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &copy_key);
  lua_getfield(L, -1, "kinds");
  for (int kind = 0; kind < IVS_KIND_COUNT; kind++) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, ivs_kind_name((enum ivs_kind)kind));
  }
  lua_pop(L, 2);
}

static void set_text(lua_State *L, const char *field, const char *text, size_t length) {
  lua_pushlstring(L, text, length);
  lua_setfield(L, -2, field);
}

static void push(lua_State *L, const ivs_failure *failure) {
  lua_createtable(L, 0, 10);
  set_text(L, "kind", ivs_kind_name(failure->kind), strlen(ivs_kind_name(failure->kind)));
  set_text(L, "code", failure->code, strlen(failure->code));
  set_text(L, "message", ivs_buffer_text(&failure->message), failure->message.length);
  lua_pushboolean(L, failure->retryable);
  lua_setfield(L, -2, "retryable");
  lua_pushinteger(L, 0);
  lua_setfield(L, -2, "attempts");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
  lua_setmetatable(L, -2);
}

int ivs_lua_failure_return(lua_State *L, const ivs_failure *failure) {
  lua_pushnil(L);
  push(L, failure);
  return 2;
}

int ivs_lua_failure_raise(lua_State *L, int status, const char *doing) {
  ivs_failure *failure = ivs_lua_failure_new(L);
  ivs_failure_from_status(failure, status, doing);
  push(L, failure);
  return lua_error(L);
}

enum { COMMON_HEADERS = 16 }; /* the usual number of headers in an AWS response, to size the table */

/* Pops a name and a value, and adds the value to the field of the table at `index`: a string, or a list of
 * several values. True if the field is now a list. */
static bool add_value(lua_State *L, int index) {
  lua_pushvalue(L, -2);
  lua_rawget(L, index);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_rawset(L, index);
    return false;
  }
  if (!lua_istable(L, -1)) {
    lua_createtable(L, 4, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
  }
  lua_insert(L, -2); /* name, list, value */
  lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
  lua_rawset(L, index);
  return true;
}

/* Replaces the list at the top by its joined values. */
static void join_values(lua_State *L) {
  const int list = lua_gettop(L), count = (int)lua_rawlen(L, list);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addlstring(&out, ", ", 2);
    lua_rawgeti(L, list, i);
    luaL_addvalue(&out);
  }
  luaL_pushresult(&out);
  lua_remove(L, list);
}

/* The time is linear in the size of the response, even if many headers have the same name. */
void ivs_lua_failure_push_headers(lua_State *L, const ivs_response *response) {
  ivs_slice name, value;
  bool has_lists = false;
  lua_createtable(L, 0, COMMON_HEADERS);
  const int headers = lua_gettop(L);
  for (size_t at = 0; ivs_response_next_header(response, &at, &name, &value);) {
    /* Both end with NUL and contain none. Since 5.3, Lua finds a text of the last call by its address. */
    lua_pushstring(L, name.data);
    lua_pushstring(L, value.data);
    if (add_value(L, headers)) has_lists = true;
  }
  if (!has_lists) return;
  lua_pushnil(L);
  while (lua_next(L, headers)) {
    if (lua_istable(L, -1)) {
      join_values(L);
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, headers); /* the field exists, so the traversal may continue */
    } else {
      lua_pop(L, 1);
    }
  }
}

void ivs_lua_failure_push_request_id(lua_State *L, const ivs_response *response) {
  ivs_slice id = ivs_response_header(response, "x-amzn-requestid");
  if (!id.data) id = ivs_response_header(response, "x-amz-request-id");
  if (id.data)
    lua_pushlstring(L, id.data, id.length);
  else
    lua_pushnil(L);
}

void ivs_lua_failure_push_call(lua_State *L, const ivs_call *call) {
  push(L, &call->failure);
  lua_pushinteger(L, call->attempts);
  lua_setfield(L, -2, "attempts");
  lua_pushstring(L, call->operation->name);
  lua_setfield(L, -2, "operation_name");
  const ivs_response *response = ivs_call_last_response(call);
  if (!response->status) return;
  lua_pushinteger(L, response->status);
  lua_setfield(L, -2, "status");
  ivs_lua_failure_push_request_id(L, response);
  lua_setfield(L, -2, "request_id");
  ivs_lua_failure_push_headers(L, response);
  lua_setfield(L, -2, "headers");
  lua_pushboolean(L, ivs_call_reached_max(call));
  lua_setfield(L, -2, "max_attempts_reached");
}

bool ivs_lua_failure_is(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

void ivs_lua_failure_set_operation(lua_State *L, int index, const char *name) {
  index = lua_absindex(L, index);
  lua_pushliteral(L, "operation_name");
  lua_rawget(L, index);
  const bool has_name = !lua_isnil(L, -1);
  lua_pop(L, 1);
  if (has_name) return;
  lua_pushliteral(L, "operation_name");
  lua_pushstring(L, name);
  lua_rawset(L, index);
}

void ivs_lua_failure_copy(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &copy_key);
  lua_insert(L, -2);
  lua_call(L, 1, 1);
}

void ivs_lua_failure_push_whole(lua_State *L, int index, enum ivs_kind kind, const char *code,
                                const char *message, bool retryable) {
  index = lua_absindex(L, index);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &whole_key);
  lua_pushvalue(L, index);
  lua_createtable(L, 0, 4);
  set_text(L, "kind", ivs_kind_name(kind), strlen(ivs_kind_name(kind)));
  set_text(L, "code", code, strlen(code));
  set_text(L, "message", message, strlen(message));
  lua_pushboolean(L, retryable);
  lua_setfield(L, -2, "retryable");
  lua_call(L, 2, 1);
}

/* The text of a field; empty if it is not a string. The table keeps the string alive. */
static ivs_slice read_field(lua_State *L, int index, const char *field) {
  ivs_slice text = {"", 0};
  lua_pushstring(L, field);
  lua_rawget(L, index);
  if (lua_type(L, -1) == LUA_TSTRING) text.data = lua_tolstring(L, -1, &text.length);
  lua_pop(L, 1);
  return text;
}

ivs_lua_failure_view ivs_lua_failure_read(lua_State *L, int index) {
  index = lua_absindex(L, index);
  ivs_lua_failure_view view = {.kind = IVS_KIND_CONFIG,
                               .code = read_field(L, index, "code"),
                               .message = read_field(L, index, "message")};
  const ivs_slice kind = read_field(L, index, "kind");
  for (int i = 0; i < IVS_KIND_COUNT; i++)
    if (ivs_text_equal(kind, ivs_kind_name((enum ivs_kind)i))) view.kind = (enum ivs_kind)i;
  lua_pushliteral(L, "retryable");
  lua_rawget(L, index);
  view.retryable = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return view;
}

/* ---- ivs.exceptions ---- */

/* These functions have the table of codes as their upvalue. No other code can change it. */
enum { CODES = lua_upvalueindex(1) };

static int find_exception(lua_State *L) {
  lua_pushvalue(L, 2);
  lua_rawget(L, CODES);
  if (!lua_isnil(L, -1)) return 1;
  return luaL_error(L, "ivs.exceptions has no '%s'",
                    lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2));
}

static int refuse_write(lua_State *L) {
  return luaL_error(L, "ivs.exceptions is read-only");
}

static int next_exception(lua_State *L) {
  lua_settop(L, 2);
  return lua_next(L, CODES) ? 2 : 0;
}

static int list_exceptions(lua_State *L) {
  lua_pushvalue(L, CODES);
  lua_pushcclosure(L, next_exception, 1);
  lua_pushvalue(L, 1);
  return 2;
}

void ivs_lua_failure_push_exceptions(lua_State *L) {
  static const char *const codes[] = {
#define IVS_CODE_NAME(name) #name,
      IVS_SERVICE_CODES(IVS_CODE_NAME) IVS_CLIENT_CODES(IVS_CODE_NAME)
#undef IVS_CODE_NAME
  };
  static const luaL_Reg strictness[] = {
      {"__index", find_exception}, {"__newindex", refuse_write}, {"__pairs", list_exceptions}, {NULL, NULL}};
  lua_newtable(L); /* stays empty, so that each access reaches its metatable */
  lua_newtable(L);
  lua_newtable(L);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    lua_pushstring(L, codes[i]);
    lua_setfield(L, -2, codes[i]);
  }
  luaL_setfuncs(L, strictness, 1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}
