/*
 * require "measure": clocks, yardsticks, and internal functions that only C can call.
 *
 *   now() cpu() resident()        wall seconds, this process's CPU seconds, its resident memory in KiB
 *   sign(n) sign_random(n) hash(n) hash_joined(n) hash_kilobyte(n) hash_bytes()      see signing.h
 *   decoder(body)                 a function that decodes the body to the result table, like the step DECODE
 *   bare(url, ca_bundle, body, header_lines, sigv4?, keys?)       a handle (see bare.h): handle:run(n)
 *
 * Linked with object files of csrc/core and csrc/lua, because ivs.so exports only luaopen_ivs.
 */
#include "bare.h"
#include "bare_multi.h"
#include "lua/compat.h"
#include "lua/decode.h"
#include "lua/failure.h"
#include "lua/objects.h"
#include "signing.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int push_clock(lua_State *L, clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  lua_pushnumber(L, (double)time.tv_sec + (double)time.tv_nsec / 1e9);
  return 1;
}

static int now(lua_State *L) {
  return push_clock(L, CLOCK_MONOTONIC);
}

/* CPU time of getrusage, in nanoseconds. */
static int cpu(lua_State *L) {
  return push_clock(L, CLOCK_PROCESS_CPUTIME_ID);
}

static int resident(lua_State *L) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
  if (file) fclose(file);
  lua_pushnumber(L, (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024);
  return 1;
}

/* ---- signing ---- */

static signing *signer; /* one for the whole process */

static int repeat(lua_State *L, bool (*work)(signing *, size_t)) {
  if (!work(signer, (size_t)luaL_checknumber(L, 1))) return luaL_error(L, "the work failed");
  return 0;
}

static int sign(lua_State *L) {
  return repeat(L, signing_run);
}

static int sign_random(lua_State *L) {
  return repeat(L, signing_run_random);
}

static int hash(lua_State *L) {
  return repeat(L, hashing_run);
}

static int hash_joined(lua_State *L) {
  return repeat(L, hashing_run_joined);
}

static int hash_kilobyte(lua_State *L) {
  return repeat(L, hashing_run_kilobyte);
}

static int hash_bytes(lua_State *L) {
  lua_pushnumber(L, (double)hashing_bytes(signer));
  return 1;
}

/* ---- decoding ---- */

typedef struct decoder {
  ivs_client client;
  ivs_call call;
} decoder;

/* Sets the call to the step DECODE, which otherwise only an exchange leads to, and carries it out. */
static int decode(lua_State *L) {
  decoder *d = lua_touserdata(L, lua_upvalueindex(1));
  d->call.state = IVS_STEP_DECODE;
  d->call.report = IVS_REPORT_NONE;
  return ivs_lua_decode_step(L, &d->call) ? 1 : luaL_error(L, "the body can't be read");
}

static int new_decoder(lua_State *L) {
  size_t length;
  const char *body = luaL_checklstring(L, 1, &length);
  decoder *d = lua_newuserdata(L, sizeof *d); /* not freed before the process ends */
  ivs_client_init(&d->client);
  ivs_call_init(&d->call, &d->client, length);
  d->call.response.status = 200;
  d->call.operation = &ivs_operation_get_recording_configuration;
  if (ivs_buffer_set(&d->call.response.body, body, length)) return luaL_error(L, "out of memory");
  lua_pushcclosure(L, decode, 1);
  return 1;
}

/* ---- the bare loop ---- */

static const char bare_type[] = "bench.bare";

static int run_bare(lua_State *L) {
  bare **b = luaL_checkudata(L, 1, bare_type);
  size_t count = (size_t)luaL_checknumber(L, 2);
  if (bare_run(*b, count) != count) return luaL_error(L, "the bare loop failed");
  return 0;
}

static int close_bare(lua_State *L) {
  bare **b = luaL_checkudata(L, 1, bare_type);
  bare_close(*b);
  *b = NULL;
  return 0;
}

static int new_bare(lua_State *L) {
  size_t length;
  const char *body = luaL_checklstring(L, 3, &length); /* the caller keeps it alive */
  luaL_checktype(L, 4, LUA_TTABLE);
  bare **b = lua_newuserdata(L, sizeof *b);
  *b = bare_open(luaL_checkstring(L, 1), luaL_checkstring(L, 2), body, length);
  if (!*b) return luaL_error(L, "libcurl can't be started");
  luaL_getmetatable(L, bare_type);
  lua_setmetatable(L, -2);
  for (int i = 1; i <= (int)lua_rawlen(L, 4); i++) {
    lua_rawgeti(L, 4, i);
    if (!bare_add_header(*b, luaL_checkstring(L, -1))) return luaL_error(L, "out of memory");
    lua_pop(L, 1);
  }
  if (lua_isstring(L, 5)) bare_sign(*b, lua_tostring(L, 5), luaL_checkstring(L, 6));
  return 1;
}

/* bare_multi(url, ca_bundle, body, header_lines, count, places): so many requests. */
static int run_bare_multi(lua_State *L) {
  struct curl_slist *headers = NULL;
  bare_multi_request request = {.url = luaL_checkstring(L, 1), .ca_bundle = luaL_checkstring(L, 2)};
  request.body = luaL_checklstring(L, 3, &request.body_length);
  luaL_checktype(L, 4, LUA_TTABLE);
  for (int i = 1; i <= (int)lua_rawlen(L, 4); i++) {
    lua_rawgeti(L, 4, i);
    headers = curl_slist_append(headers, luaL_checkstring(L, -1));
    lua_pop(L, 1);
  }
  request.headers = headers;
  const size_t count = (size_t)luaL_checknumber(L, 5), places = (size_t)luaL_checknumber(L, 6);
  const size_t good = bare_multi_run(&request, count, places);
  curl_slist_free_all(headers);
  return good == count ? 0 : luaL_error(L, "the bare loop failed");
}

static void register_bare(lua_State *L) {
  luaL_newmetatable(L, bare_type);
  lua_pushcfunction(L, close_bare);
  lua_setfield(L, -2, "__gc");
  lua_newtable(L);
  lua_pushcfunction(L, run_bare);
  lua_setfield(L, -2, "run");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

IVS_EXPORT int luaopen_measure(lua_State *L);

int luaopen_measure(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"now", now},
      {"cpu", cpu},
      {"resident", resident},
      {"sign", sign},
      {"sign_random", sign_random},
      {"hash", hash},
      {"hash_joined", hash_joined},
      {"hash_kilobyte", hash_kilobyte},
      {"hash_bytes", hash_bytes},
      {"decoder", new_decoder},
      {"bare", new_bare},
      {"bare_multi", run_bare_multi},
      {NULL, NULL},
  };
  signer = signing_open();
  if (!signer) return luaL_error(L, "the core refused its settings");
  ivs_lua_objects_open(L);
  ivs_lua_failure_register(L);
  ivs_lua_decode_register(L);
  register_bare(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
