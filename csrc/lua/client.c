/* The client userdata. lua/ivs/config/settings.lua resolves the options; this file reads the resolved
 * settings. */
#include "lua/client.h"
#include "core/clock.h"
#include "lua/fields.h"
#include "lua/credentials.h"
#include "lua/failure.h"
#include "lua/objects.h"
#include "core/version.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char resolve_key, methods_key, native_key;

static int collect(lua_State *L);
static int read_field(lua_State *L);
static int refuse_write(lua_State *L);
static int describe(lua_State *L);

static const luaL_Reg metamethods[] = {
    {"__gc", collect},    {"__index", read_field}, {"__newindex", refuse_write}, {"__tostring", describe},
#if LUA_VERSION_NUM >= 504
    {"__close", collect},
#endif
    {NULL, NULL}};
static const ivs_object_type client_type = {"ivs.client", metamethods};

void ivs_lua_client_register(lua_State *L) {
  lua_rawsetp(L, LUA_REGISTRYINDEX, &native_key);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &methods_key);
  ivs_lua_objects_register(L, &client_type);
  ivs_lua_objects_require(L, "ivs.config.settings");
  lua_getfield(L, -1, "resolve");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &resolve_key);
  lua_pop(L, 1);
}

ivs_lua_client *ivs_lua_client_check(lua_State *L, int index) {
  return ivs_lua_objects_check(L, index, &client_type);
}

void ivs_lua_client_get(lua_State *L, int index, int slot) {
  ivs_lua_compat_get_table(L, index);
  lua_rawgeti(L, -1, slot);
  lua_remove(L, -2);
}

bool ivs_lua_client_take_random(ivs_lua_client *client, void *out, size_t length) {
  const pid_t self = getpid();
  if (client->random_left < length || client->random_owner != self) {
    if (RAND_bytes(client->random, sizeof client->random) != 1) return false;
    client->random_left = sizeof client->random;
    client->random_owner = self;
  }
  client->random_left -= length;
  memcpy(out, client->random + client->random_left, length);
  OPENSSL_cleanse(client->random + client->random_left, length);
  return true;
}

void ivs_lua_client_refuse_closed(ivs_failure *failure) {
  ivs_failure_format(failure, IVS_KIND_CANCELLED, "ClientClosedError",
                     "The client is closed; make a new one.");
}

static void close_client(ivs_lua_client *client) {
  if (!client->is_open) return;
  client->is_open = false;
  client->has_logger = client->has_transport = client->has_time = client->has_random = false;
  if (client->driver) client->close_driver(client->driver);
  client->driver = NULL;
  /* Wipes the secrets. Endpoint and settings stay readable. */
  ivs_client_close(&client->core);
  OPENSSL_cleanse(client->random, sizeof client->random);
  client->random_left = 0;
}

static int collect(lua_State *L) {
  ivs_lua_client *client = lua_touserdata(L, 1);
  close_client(client);
  ivs_client_close(&client->core); /* wipes credentials that were set after close() */
  return 0;
}

int ivs_lua_client_close(lua_State *L) {
  close_client(ivs_lua_client_check(L, 1));
  lua_newtable(L); /* releases provider, transport and logger */
  ivs_lua_compat_set_table(L, 1);
  return 0;
}

static int read_field(lua_State *L) {
  const ivs_lua_client *client = ivs_lua_client_check(L, 1);
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  lua_rawgetp(L, LUA_REGISTRYINDEX, &methods_key);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1)) return 1;
  const ivs_endpoint *endpoint =
      &client->core
           .endpoint; /* if the client has no region: only the URL is set, and only from endpoint_url */
  if (client->core.has_region && strcmp(name, "region") == 0) lua_pushstring(L, endpoint->region);
  if (endpoint->url[0] && strcmp(name, "endpoint_url") == 0) lua_pushstring(L, endpoint->url);
  return 1;
}

static int refuse_write(lua_State *L) {
  return luaL_error(L, "an ivs client is read-only");
}

static int describe(lua_State *L) {
  const ivs_lua_client *client = ivs_lua_client_check(L, 1);
  if (!client->is_open)
    lua_pushliteral(L, "ivs.client (closed)");
  else
    lua_pushfstring(L, "ivs.client (%s)",
                    client->core.has_region ? client->core.endpoint.url : "region from each ARN");
  return 1;
}

/* ---- construction from resolved settings ---- */

static ivs_client_settings read_settings(lua_State *L, int from) {
  ivs_client_settings settings = {
      .region = ivs_lua_fields_text(L, from, "region"),
      .endpoint_url = ivs_lua_fields_text(L, from, "endpoint_url"),
      .use_fips_endpoint = ivs_lua_fields_flag(L, from, "use_fips_endpoint"),
      .use_dualstack_endpoint = ivs_lua_fields_flag(L, from, "use_dualstack_endpoint"),
      .max_attempts = (int)ivs_lua_fields_number(L, from, "max_attempts"),
      .connect_timeout = ivs_lua_fields_number(L, from, "connect_timeout"),
      .read_timeout = ivs_lua_fields_number(L, from, "read_timeout"),
      .user_agent = ivs_lua_fields_text(L, from, "user_agent"),
      .trace_id = ivs_lua_fields_text(L, from, "trace_id"),
  };
  ivs_retry_mode_from_name(ivs_lua_fields_text(L, from, "retry_mode"), &settings.retry_mode);
  return settings;
}

/* Copies a function from a table into the client's own table. False if the table has none. */
static bool keep_function(lua_State *L, int from, const char *name, int own, int slot) {
  if (!lua_istable(L, from)) return false;
  lua_getfield(L, from, name);
  bool found = !lua_isnil(L, -1);
  lua_rawseti(L, own, slot);
  return found;
}

static void keep_functions(lua_State *L, ivs_lua_client *client, int userdata, int settings, int clock) {
  ivs_lua_compat_get_table(L, userdata);
  int own = lua_gettop(L);
  keep_function(L, settings, "provider", own, IVS_LUA_CLIENT_PROVIDER);
  client->has_transport = keep_function(L, settings, "given_transport", own, IVS_LUA_CLIENT_TRANSPORT);
  client->has_logger = keep_function(L, settings, "logger", own, IVS_LUA_CLIENT_LOGGER);
  client->has_time = keep_function(L, clock, "time", own, IVS_LUA_CLIENT_TIME);
  client->has_random = keep_function(L, clock, "random", own, IVS_LUA_CLIENT_RANDOM);
  lua_pushvalue(L, settings);
  lua_rawseti(L, own, IVS_LUA_CLIENT_SETTINGS);
  lua_pop(L, 1);
}

static void check_clock(lua_State *L, int clock) {
  if (lua_isnoneornil(L, clock)) return;
  luaL_checktype(L, clock, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, clock)) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    if (strcmp(name, "time") != 0 && strcmp(name, "random") != 0)
      luaL_error(L, "unknown member '%s' of the clock", name);
    if (!lua_isfunction(L, -1))
      luaL_error(L, "clock.%s has to be a function, got %s", name, luaL_typename(L, -1));
    lua_pop(L, 1);
  }
}

/* Pushes the table that ivs.config.settings gets from C: functions, the clock, and the platform for the
 * User-Agent. */
static void push_native(lua_State *L, int clock) {
  struct utsname names;
  if (uname(&names)) memset(&names, 0, sizeof names);
  lua_createtable(L, 0, 8);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &native_key);
  lua_getfield(L, -1, "system");
  lua_setfield(L, -3, "system");
  lua_getfield(L, -1, "service_call");
  lua_setfield(L, -3, "service_call");
  lua_getfield(L, -1, "read_response");
  lua_setfield(L, -3, "read_response");
  lua_pop(L, 1);
  lua_pushvalue(L, clock);
  lua_setfield(L, -2, "clock");
  lua_pushliteral(L, IVS_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushstring(L, names.sysname);
  lua_setfield(L, -2, "os");
  lua_pushstring(L, names.release);
  lua_setfield(L, -2, "release");
  lua_pushstring(L, names.machine);
  lua_setfield(L, -2, "machine");
}

double ivs_lua_client_now(lua_State *L, const ivs_lua_client *client, int index) {
  if (!client->has_time) return ivs_clock_now();
  ivs_lua_client_get(L, index, IVS_LUA_CLIENT_TIME);
  lua_call(L, 0, 1);
  double seconds = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return seconds;
}

/* Stores static credentials, so that calls need not call the provider. */
static bool take_static_credentials(lua_State *L, int settings, ivs_lua_client *client,
                                    ivs_failure *failure) {
  const char *code = NULL, *problem = NULL;
  lua_getfield(L, settings, "credentials");
  if (!lua_isnil(L, -1)) problem = ivs_lua_credentials_take(L, -1, client, &code);
  lua_pop(L, 1);
  if (problem) ivs_failure_format(failure, IVS_KIND_CREDENTIALS, code, "option credentials: %s", problem);
  return !problem;
}

ivs_lua_client *ivs_lua_client_build(lua_State *L, int from, int clock, const char *endpoint_prefix) {
  ivs_failure *failure = ivs_lua_failure_new(L);
  ivs_lua_client *client = ivs_lua_objects_new(L, &client_type, sizeof *client);
  ivs_client_init(&client->core);
  client->is_open = true;
  keep_functions(L, client, lua_gettop(L), from, clock);
  client->max_response_bytes = (size_t)ivs_lua_fields_number(L, from, "max_response_bytes");
  ivs_client_settings settings = read_settings(L, from);
  settings.endpoint_prefix = endpoint_prefix;
  if (!ivs_client_open(&client->core, &settings, ivs_lua_client_now(L, client, lua_gettop(L)), failure) &&
      take_static_credentials(L, from, client, failure))
    return client;
  ivs_lua_failure_return(L, failure);
  return NULL;
}

int ivs_lua_client_new(lua_State *L) {
  enum { OPTIONS = 1, CLOCK = 2, SETTINGS = 3 };
  if (!lua_isnoneornil(L, CLOCK + 1))
    luaL_argerror(L, CLOCK + 1, "options and a clock expected, and nothing more");
  lua_settop(L, CLOCK);
  if (!lua_isnil(L, OPTIONS)) luaL_checktype(L, OPTIONS, LUA_TTABLE);
  check_clock(L, CLOCK);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &resolve_key);
  lua_pushvalue(L, OPTIONS);
  push_native(L, CLOCK);
  lua_call(L, 2, 3); /* settings | nil, err | nil, nil, misuse */
  if (lua_type(L, -1) == LUA_TSTRING) return luaL_error(L, "%s", lua_tostring(L, -1));
  if (!lua_istable(L, SETTINGS)) {
    lua_settop(L, SETTINGS + 1);
    return 2;
  }
  return ivs_lua_client_build(L, SETTINGS, CLOCK, NULL) ? 1 : 2;
}
