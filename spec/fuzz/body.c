/*
 * Decodes a response body: lua-cjson and the conversion to the operation's shape.
 *
 * Input: a byte for the operation and the status, then the body. Checks: the result contains only members and
 * types of the shape; a body that cannot be decoded results in an error; the stack is balanced.
 */
#include "core/call.h"
#include "core/status.h"
#include "fuzz.h"
#include "lua/decode.h"

#include <lualib.h>
#include <math.h>

static lua_State *L;
static ivs_client client;

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  ivs_failure failure;
  L = luaL_newstate();
  REQUIRE(L);
  luaL_openlibs(L);
  ivs_lua_decode_register(L);
  ivs_failure_init(&failure);
  ivs_client_init(&client);
  const ivs_client_settings settings = {.region = ivs_text_slice("us-west-2"), .max_attempts = 1};
  REQUIRE(ivs_client_open(&client, &settings, 0, &failure) == IVS_OK);
  const ivs_slice none = {NULL, 0};
  REQUIRE(!ivs_credentials_set(&client.credentials, ivs_text_slice("A"), ivs_text_slice("S"), none, 0));
  ivs_failure_free(&failure);
  return 0;
}

static const ivs_shape *member(const ivs_shape *shape, const char *name) {
  if (shape->type == IVS_SHAPE_MAP) return shape->element;
  for (const ivs_member *m = shape->members; m->name; m++)
    if (strcmp(m->name, name) == 0) return m->shape;
  return NULL;
}

/* Checks that the value at the top matches the shape. */
static void check_shape(const ivs_shape *shape) {
  switch (shape->type) {
  case IVS_SHAPE_STRING:
    REQUIRE(lua_type(L, -1) == LUA_TSTRING);
    break;
  case IVS_SHAPE_INTEGER:
    REQUIRE(lua_isinteger(L, -1));
    REQUIRE(fabs((double)lua_tointeger(L, -1)) <= 9007199254740992.0);
    break;
  case IVS_SHAPE_LIST: {
    REQUIRE(lua_type(L, -1) == LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1), seen = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      REQUIRE(lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= count);
      check_shape(shape->element);
      lua_pop(L, 1);
      seen++;
    }
    REQUIRE(seen == count);
    break;
  }
  default:
    REQUIRE(lua_type(L, -1) == LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      REQUIRE(lua_type(L, -2) == LUA_TSTRING);
      const ivs_shape *value = member(shape, lua_tostring(L, -2));
      REQUIRE(value);
      check_shape(value);
      lua_pop(L, 1);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int statuses[] = {200, 201, 400, 404, 429, 500, 503};
  static const unsigned char random[16];
  static ivs_call call; /* reused, like a client's idle call */
  static bool ready;
  fuzz_input in = {data, size};
  if (!ready) ivs_call_init(&call, &client, 1024 * 1024);
  ready = true;
  ivs_call_reset(&call);
  unsigned byte = fuzz_byte(&in);
  const ivs_operation *operation =
      byte & 128 ? &ivs_operation_list_recording_configurations : &ivs_operation_get_recording_configuration;
  const ivs_slice none = {NULL, 0};
  ivs_call_begin(&call, operation, ivs_text_slice("{}"), none, random);
  REQUIRE(ivs_call_next(&call, 1.7e9, 0) == IVS_STEP_EXCHANGE);
  call.response.status = statuses[byte % 128 % (sizeof statuses / sizeof *statuses)];
  ivs_buffer_set(&call.response.body, (const char *)in.data, in.left);
  REQUIRE(ivs_call_response(&call) == IVS_OK);
  REQUIRE(ivs_call_next(&call, 1.7e9, 0) == IVS_STEP_DECODE);

  const int top = lua_gettop(L);
  bool decoded = ivs_lua_decode_step(L, &call);
  REQUIRE(lua_gettop(L) == top + decoded);
  enum ivs_step step = ivs_call_next(&call, 1.7e9, 0);
  REQUIRE(step == (decoded ? IVS_STEP_DONE : IVS_STEP_FAILED));
  REQUIRE(!decoded || ivs_call_is_success(&call));
  if (decoded)
    check_shape(operation->output);
  else
    REQUIRE(call.failure.code[0]);
  lua_settop(L, top);
  return 0;
}
