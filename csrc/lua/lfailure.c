/* Error objects. */
#include "lfailure.h"
#include "objects.h"

#include <string.h>

static const char metatable_key;

static int collect(lua_State *L) {
  ivs_failure_free(lua_touserdata(L, 1));
  return 0;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const ivs_object_type failure_type = {"ivs.failure", metamethods};

ivs_failure *ivs_lfailure_new(lua_State *L) {
  ivs_failure *failure = ivs_objects_new(L, &failure_type, sizeof *failure);
  ivs_failure_init(failure);
  return failure;
}

void ivs_lfailure_register(lua_State *L) {
  ivs_objects_register(L, &failure_type);
  ivs_objects_require(L, "ivs.failure");
  lua_getfield(L, -1, "metatable");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
  lua_pop(L, 1);
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
  set_text(L, "operation_name", ivs_operation_get_recording_configuration.name,
           strlen(ivs_operation_get_recording_configuration.name));
  lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
  lua_setmetatable(L, -2);
}

int ivs_lfailure_return(lua_State *L, const ivs_failure *failure) {
  lua_pushnil(L);
  push(L, failure);
  return 2;
}

int ivs_lfailure_raise(lua_State *L, int status, const char *doing) {
  ivs_failure *failure = ivs_lfailure_new(L);
  ivs_failure_from_status(failure, status, doing);
  push(L, failure);
  return lua_error(L);
}

enum { COMMON_HEADERS = 16 }; /* AWS sends so many; room is made for them at once */

/* Adds a value (at the top, popped) to those that the table at `index` has under the name below it: a string, or a list of more. */
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

/* Replaces the list at the top by its values, joined. */
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

/* In time that grows with the response, however many headers of one name there are. */
void ivs_lfailure_push_headers(lua_State *L, const ivs_response *response) {
  ivs_slice name, value;
  bool has_lists = false;
  lua_createtable(L, 0, COMMON_HEADERS);
  const int headers = lua_gettop(L);
  for (size_t at = 0; ivs_response_next_header(response, &at, &name, &value);) {
    lua_pushlstring(L, name.data, name.length);
    lua_pushlstring(L, value.data, value.length);
    if (add_value(L, headers)) has_lists = true;
  }
  if (!has_lists) return;
  lua_pushnil(L);
  while (lua_next(L, headers)) {
    if (lua_istable(L, -1)) {
      join_values(L);
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, headers); /* a field that exists: the traversal may go on */
    } else {
      lua_pop(L, 1);
    }
  }
}

void ivs_lfailure_push_request_id(lua_State *L, const ivs_response *response) {
  ivs_slice id = ivs_response_header(response, "x-amzn-requestid");
  if (!id.data) id = ivs_response_header(response, "x-amz-request-id");
  if (id.data)
    lua_pushlstring(L, id.data, id.length);
  else
    lua_pushnil(L);
}

void ivs_lfailure_push_call(lua_State *L, const ivs_call *call) {
  push(L, &call->failure);
  lua_pushinteger(L, call->attempts);
  lua_setfield(L, -2, "attempts");
  lua_pushstring(L, call->client->operation->name);
  lua_setfield(L, -2, "operation_name");
  const ivs_response *response = ivs_call_last_response(call);
  if (!response->status) return;
  lua_pushinteger(L, response->status);
  lua_setfield(L, -2, "status");
  ivs_lfailure_push_request_id(L, response);
  lua_setfield(L, -2, "request_id");
  ivs_lfailure_push_headers(L, response);
  lua_setfield(L, -2, "headers");
  lua_pushboolean(L, ivs_call_reached_max(call));
  lua_setfield(L, -2, "max_attempts_reached");
}

bool ivs_lfailure_is(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

/* A string field, or the slice as it was. */
static void read_field(lua_State *L, int index, const char *field, ivs_slice *out) {
  lua_pushstring(L, field);
  lua_rawget(L, index);
  if (lua_type(L, -1) == LUA_TSTRING) out->data = lua_tolstring(L, -1, &out->length);
  lua_pop(L, 1); /* the table keeps the string alive */
}

void ivs_lfailure_read(lua_State *L, int index, enum ivs_kind *kind, ivs_slice *code, ivs_slice *message) {
  ivs_slice name = {NULL, 0};
  index = lua_absindex(L, index);
  if (lua_type(L, index) == LUA_TSTRING) {
    message->data = lua_tolstring(L, index, &message->length);
    if (ivs_text_equal(*message, "not enough memory")) *code = ivs_text_slice("OutOfMemoryError");
    return;
  }
  if (lua_type(L, index) != LUA_TTABLE) return;
  read_field(L, index, "kind", &name);
  read_field(L, index, "code", code);
  read_field(L, index, "message", message);
  for (int i = 0; name.data && i < IVS_KIND_COUNT; i++)
    if (ivs_text_equal(name, ivs_kind_name((enum ivs_kind)i))) *kind = (enum ivs_kind)i;
}

static int unknown_exception(lua_State *L) {
  return luaL_error(L, "ivs.exceptions has no '%s'",
                    lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2));
}

static int read_only(lua_State *L) {
  return luaL_error(L, "ivs.exceptions is read-only");
}

void ivs_lfailure_push_exceptions(lua_State *L) {
  static const char *const codes[] = {
#define IVS_CODE_NAME(name) #name,
      IVS_SERVICE_CODES(IVS_CODE_NAME) IVS_CLIENT_CODES(IVS_CODE_NAME)
#undef IVS_CODE_NAME
  };
  static const luaL_Reg strictness[] = {
      {"__index", unknown_exception}, {"__newindex", read_only}, {NULL, NULL}};
  lua_newtable(L);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    lua_pushstring(L, codes[i]);
    lua_setfield(L, -2, codes[i]);
  }
  lua_newtable(L);
  luaL_setfuncs(L, strictness, 0);
  lua_setmetatable(L, -2);
}
