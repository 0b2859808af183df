/*
 * The client as a Lua userdata: settings in, the core's client within, region and endpoint_url to read.
 */
#ifndef IVS_LUA_CLIENT_H
#define IVS_LUA_CLIENT_H

#include "lua/compat.h"
#include "core/client.h"

#include <sys/types.h>

struct ivs_lua_call;

typedef struct ivs_lua_client {
  ivs_client core;
  bool is_open;
  bool has_logger, has_transport, has_time, has_random;
  size_t max_response_bytes;
  unsigned char random[256]; /* drawn from libcrypto at once, used from the end */
  size_t random_left;
  pid_t random_owner; /* a forked child draws its own */
  struct {
    const struct ivs_lua_call *call; /* whose owner asks the provider now (provider.h); NULL: none */
    double since;                    /* seconds since 1970 */
    unsigned long begun, answered;   /* the numbers of the last asking, and of the last that was answered */
  } asking;
  void *driver; /* the blocking driver's connection, made at its first exchange */
  void (*close_driver)(void *driver);
} ivs_lua_client;

/* Slots of the client's own table. */
enum {
  IVS_LUA_CLIENT_PROVIDER = 1, /* function(io) → credentials | nil, err */
  IVS_LUA_CLIENT_TRANSPORT,
  IVS_LUA_CLIENT_LOGGER,
  IVS_LUA_CLIENT_TIME,
  IVS_LUA_CLIENT_RANDOM,
  IVS_LUA_CLIENT_PROVIDER_ERROR, /* of the last asking, for the calls that waited for it; nil: it gave credentials */
  IVS_LUA_CLIENT_IDLE_CALL, /* kept for reuse between calls */
  IVS_LUA_CLIENT_SETTINGS
};

/* Once, from luaopen_*: takes two tables off the stack: the methods of a client, and on top of it what
 * the Lua code that resolves settings gets, { system, service_call, read_response }. */
void ivs_lua_client_register(lua_State *L);
/*
 * Lua: client(options?, clock?) → client | nil, err. Raises misuse at the caller's level. `clock` may hold the
 * functions `time` (seconds since 1970) and `random` ([0, 1)), for loops that have a clock of their own and
 * for tests.
 */
int ivs_lua_client_new(lua_State *L);
/* Pushes a client made of resolved settings and returns it, or pushes nil and the error object and returns
 * NULL. endpoint_prefix: see ivs_client_settings; the caller keeps it alive. */
ivs_lua_client *ivs_lua_client_build(lua_State *L, int settings, int clock, const char *endpoint_prefix);
/* Lua: client:close(). */
int ivs_lua_client_close(lua_State *L);

/* The client at this argument; raises if it is none. It may be closed. */
ivs_lua_client *ivs_lua_client_check(lua_State *L, int index);
/* Takes random bytes (at most 256) and wipes them here. False if libcrypto has none. */
bool ivs_lua_client_take_random(ivs_lua_client *client, void *out, size_t length);
/* Seconds since 1970 by the client's own clock, else by the system's. */
double ivs_lua_client_now(lua_State *L, const ivs_lua_client *client, int index);
/* Pushes the value of the slot. */
void ivs_lua_client_get(lua_State *L, int index, int slot);
/* The failure of a call on a closed client. */
void ivs_lua_client_refuse_closed(ivs_failure *failure);

#endif
