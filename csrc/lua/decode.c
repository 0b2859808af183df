/*
 * Converts the decoded tables in place: nothing else refers to them. Keeps the members of the shape; removes
 * unknown members and nulls.
 */
#include "lua/decode.h"
#include "core/rest_json.h"
#include "core/status.h"
#include "lua/failure.h"
#include "lua/objects.h"
#include "lua/protect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char decode_key;

enum { PROBLEM_MAX = 200 };

void ivs_lua_decode_register(lua_State *L) {
  ivs_lua_objects_require(L, "ivs.json");
  lua_getfield(L, -1, "decode_or_raise");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &decode_key);
  lua_pop(L, 1);
}

typedef struct walk {
  lua_State *L;
  const char *problem; /* NULL if there is none */
  const char *member;  /* the member with the problem */
} walk;

static void convert(walk *w, const ivs_shape *shape);

static bool is_null(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TLIGHTUSERDATA; /* cjson.null */
}

static void fail(walk *w, const char *problem) {
  if (!w->problem) w->problem = problem;
}

/* Converts the value at the top to a whole number: 60, "60" and 60.9 become 60; other values are errors
 * (docs/protocol.md, "Result"). */
static void convert_integer(walk *w) {
  lua_State *L = w->L;
  double number = 0;
  if (lua_type(L, -1) == LUA_TNUMBER) {
    number = trunc(lua_tonumber(L, -1)) + 0.0; /* no -0 */
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    ivs_slice digits = {text, length};
    uint64_t whole;
    bool negative = length && text[0] == '-';
    if (negative) digits = (ivs_slice){text + 1, length - 1};
    if (!ivs_text_number(digits, &whole))
      fail(w, "is not a whole number");
    else
      number = negative ? -(double)whole : (double)whole;
  } else {
    fail(w, "is not a whole number");
  }
  if (!(fabs(number) <= 9007199254740992.0)) { /* 2^53; also rejects infinity and NaN */
    fail(w, "is out of range");
    number = 0;
  }
  lua_pop(L, 1);
  ivs_lua_compat_push_whole(L, number);
}

static const ivs_shape *find_member(const ivs_shape *shape, ivs_slice name, const char **known) {
  for (const ivs_member *member = shape->members; member->name; member++)
    if (name.data[0] == member->name[0] && ivs_text_equal(name, member->name)) { /* most differ there */
      *known = member->name;
      return member->shape;
    }
  return NULL;
}

/* Pops the value and assigns it to the key below it, which is the current key of a lua_next traversal. The
 * field exists, so the traversal may continue. */
static void set_existing(lua_State *L) {
  lua_pushvalue(L, -2);
  lua_insert(L, -2);
  lua_rawset(L, -4);
}

/* Converts a structure or a map, whose keys are strings. Removes unknown members and nulls. */
static void convert_object(walk *w, const ivs_shape *shape) {
  lua_State *L = w->L;
  lua_pushnil(L);
  while (!w->problem && lua_next(L, -2)) {
    const ivs_shape *value = shape->element;
    if (lua_type(L, -2) != LUA_TSTRING) {
      fail(w, "is a list instead of an object");
    } else if (shape->type == IVS_SHAPE_STRUCTURE) {
      ivs_slice name;
      name.data = lua_tolstring(L, -2, &name.length);
      value = find_member(shape, name, &w->member);
    }
    if (!value || is_null(L, -1)) {
      lua_pop(L, 1);
      lua_pushnil(L);
      set_existing(L);
    } else if (!w->problem) {
      convert(w, value);
      if (value->type == IVS_SHAPE_INTEGER)
        set_existing(L);
      else
        lua_pop(L, 1);
    }
  }
  if (w->problem) lua_pop(L, 1); /* the key of the ended traversal */
}

/* Converts a list. Removes nulls; the elements after them move up. */
static void convert_list(walk *w, const ivs_shape *shape) {
  lua_State *L = w->L;
  int count = (int)lua_rawlen(L, -1), kept = 0;
  if (count == 0) {
    lua_pushnil(L);
    if (lua_next(L, -2)) {
      lua_pop(L, 2);
      fail(w, "is an object instead of a list");
    }
    return;
  }
  for (int i = 1; i <= count && !w->problem; i++) {
    lua_rawgeti(L, -1, i);
    if (is_null(L, -1)) {
      lua_pop(L, 1);
      continue;
    }
    convert(w, shape->element);
    if (++kept == i && shape->element->type != IVS_SHAPE_INTEGER)
      lua_pop(L, 1);
    else
      lua_rawseti(L, -2, kept);
  }
  for (int i = count; i > kept && !w->problem; i--) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
}

/* Converts the value at the top according to the shape, in place. */
static void convert(walk *w, const ivs_shape *shape) {
  lua_State *L = w->L;
  switch (shape->type) {
  case IVS_SHAPE_STRING:
    if (lua_type(L, -1) != LUA_TSTRING) fail(w, "is not a string");
    break;
  case IVS_SHAPE_INTEGER:
    convert_integer(w);
    break;
  case IVS_SHAPE_STRUCTURE:
  case IVS_SHAPE_MAP:
  case IVS_SHAPE_LIST:
    if (lua_type(L, -1) != LUA_TTABLE)
      fail(w, shape->type == IVS_SHAPE_LIST ? "is not a list" : "is not an object");
    else if (shape->type == IVS_SHAPE_LIST)
      convert_list(w, shape);
    else
      convert_object(w, shape);
    break;
  }
}

static ivs_slice body_of(const ivs_call *call) {
  return (ivs_slice){ivs_buffer_text(&call->response.body), call->response.body.length};
}

static const char out_of_memory[] = "out of memory";

/* Pushes the decoded JSON and returns NULL; or returns the reason why it cannot be decoded: the text in
 * `problem` or a constant, for example out_of_memory. */
static const char *parse(lua_State *L, ivs_slice body, char problem[PROBLEM_MAX]) {
  if (!body.length) return "the body is empty";
  if (!ivs_text_is_utf8(body)) return "the body is not UTF-8";
  if (memchr(body.data, 0, body.length)) return "the body contains a NUL"; /* cjson would stop there */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &decode_key);
  lua_pushlstring(L, body.data, body.length);
  const int status = ivs_lua_protect_call(L, 1, 1);
  if (status == LUA_OK) {
    if (lua_type(L, -1) == LUA_TTABLE) return NULL;
    lua_pop(L, 1);
    return "the body is not a JSON object";
  }
  if (status == LUA_ERRMEM) {
    lua_pop(L, 1);
    return out_of_memory;
  }
  const char *text = lua_tostring(L, -1);
  snprintf(problem, PROBLEM_MAX, "%s", text ? text : "the body is not JSON");
  lua_pop(L, 1);
  return problem;
}

/* cjson decodes both [] and {} to an empty table. Only the text distinguishes them. */
static bool is_object(ivs_slice body) {
  size_t at = 0;
  while (at < body.length && body.data[at] && strchr(" \t\r\n", body.data[at])) at++;
  return at == body.length || body.data[at] == '{';
}

static void stop_out_of_memory(ivs_call *call) {
  ivs_failure_from_status(&call->failure, IVS_ENOMEM, "reading the response");
  ivs_call_stop(call);
}

static bool decode_result(lua_State *L, ivs_call *call) {
  char problem[PROBLEM_MAX], message[PROBLEM_MAX + 100];
  const int top = lua_gettop(L);
  luaL_checkstack(L, 40, NULL); /* the shape has five levels of two or three slots */
  const char *why =
      is_object(body_of(call)) ? parse(L, body_of(call), problem) : "the body is not a JSON object";
  if (!why) {
    walk w = {L, NULL, "the body"};
    convert(&w, call->operation->output);
    if (!w.problem) {
      ivs_call_decoded(call);
      return true;
    }
    snprintf(problem, sizeof problem, "%s %s", w.member, w.problem);
    why = problem;
  }
  lua_settop(L, top);
  if (why == out_of_memory) {
    stop_out_of_memory(call);
    return false;
  }
  snprintf(message, sizeof message, "Unable to parse response: %s (HTTP status %d)", why,
           call->response.status);
  ivs_call_undecodable(call, ivs_text_slice(message));
  return false;
}

/* The first of the members that is a string; data is NULL if none is. The text stays valid as long as the
 * table. */
static ivs_slice pick(lua_State *L, const char *const *members) {
  ivs_slice found = {NULL, 0};
  for (; *members && !found.data; members++) {
    lua_getfield(L, -1, *members);
    if (lua_type(L, -1) == LUA_TSTRING) found.data = lua_tolstring(L, -1, &found.length);
    lua_pop(L, 1);
  }
  return found;
}

static void decode_error(lua_State *L, ivs_call *call) {
  char problem[PROBLEM_MAX];
  const ivs_slice none = {NULL, 0};
  const char *why = parse(L, body_of(call), problem);
  if (why == out_of_memory) {
    stop_out_of_memory(call);
    return;
  }
  if (why) {
    ivs_call_error(call, none, none, true);
    return;
  }
  ivs_slice code = pick(L, ivs_rest_json_code_members), message = pick(L, ivs_rest_json_message_members);
  ivs_call_error(call, code, message, false);
  lua_pop(L, 1);
}

bool ivs_lua_decode_step(lua_State *L, ivs_call *call) {
  if (ivs_call_is_success(call)) return decode_result(L, call);
  decode_error(L, call);
  return false;
}

void ivs_lua_decode_add_metadata(lua_State *L, const ivs_call *call) {
  lua_createtable(L, 0, 4);
  ivs_lua_failure_push_request_id(L, &call->response);
  lua_setfield(L, -2, "RequestId");
  lua_pushinteger(L, call->response.status);
  lua_setfield(L, -2, "HTTPStatusCode");
  ivs_lua_failure_push_headers(L, &call->response);
  lua_setfield(L, -2, "HTTPHeaders");
  lua_pushinteger(L, call->attempts - 1);
  lua_setfield(L, -2, "RetryAttempts");
  lua_setfield(L, -2, "ResponseMetadata");
}
