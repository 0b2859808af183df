/*
 * The loop of a batch.
 *
 * ARNs wait in the queue of their region. A call occupies one of `max_concurrency` places only when its
 * region's pace has a token, so a slow region does not block places. The call is then carried out like any
 * other: it sends a request or sleeps before a retry, until it is settled. A call that is still throttled
 * after its last attempt is queued again if other calls of the region succeed.
 *
 * Each ARN needs one `item`. The number of calls, easy handles and connections is bounded by the places.
 */
#include "lua/blocking/batch.h"
#include "lua/blocking/batch_internal.h"
#include "core/status.h"
#include "core/clock.h"
#include "curl/multi.h"
#include "lua/blocking/fetch.h"
#include "lua/blocking/interrupt.h"
#include "lua/blocking/sleep.h"
#include "lua/blocking/steps.h"
#include "lua/failure.h"
#include "lua/objects.h"

#include <math.h>
#include <string.h>

/* TURNS_MAX: how often an ARN may be queued again. THROTTLED_MIN: the lower bound of the limit for
 * consecutive throttled turns. */
enum { TURNS_MAX = 10, THROTTLED_MIN = 4 };

/* The minimum time in seconds between two refreshes while the credentials are valid. */
static const double refresh_interval = 60;

static void close_multi(batch *b) {
  ivs_multi_close(b->multi);
  b->multi = NULL;
}

static int collect(lua_State *L) {
  close_multi(lua_touserdata(L, 1));
  return 0;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const char misuse_key, plan_key, result_key;
static const ivs_object_type batch_type = {"ivs.batch", metamethods};

void ivs_lua_batch_register(lua_State *L) {
  ivs_lua_objects_register(L, &batch_type);
  ivs_lua_objects_require(L, "ivs.batch");
  lua_getfield(L, -1, "misuse");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &misuse_key);
  lua_getfield(L, -1, "plan");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &plan_key);
  lua_getfield(L, -1, "result");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &result_key);
  lua_pop(L, 1);
}

/* ---- failed calls ---- */

/* Whether to queue the ARN of a failed call again: it was throttled, but not too many turns of the region in
 * a row were. All concurrent calls may be throttled before one succeeds, so the limit is at least the number
 * of places. A single ARN fails as it would without a batch. */
static bool should_requeue(const batch *b, const place *p) {
  if (!ivs_call_is_throttled(&p->call->core) || b->has_no_credentials) return false;
  const int most = b->place_count > THROTTLED_MIN ? b->place_count : THROTTLED_MIN;
  return ++p->region->throttled < (most < b->item_count ? most : b->item_count) &&
         b->items[p->item].turns < TURNS_MAX;
}

/* Adds the attempts of earlier turns to the error at the top. */
static void add_attempts(lua_State *L, int earlier) {
  if (!earlier) return;
  lua_getfield(L, -1, "attempts");
  const lua_Integer attempts = lua_tointeger(L, -1) + earlier;
  lua_pop(L, 1);
  lua_pushinteger(L, attempts);
  lua_setfield(L, -2, "attempts");
}

/* All calls use the same credentials, so no other call is begun. Stores the error at the top. */
static void stop_for_credentials(lua_State *L, batch *b) {
  b->has_no_credentials = true;
  b->is_nothing_sent = !b->has_sent;
  lua_pushvalue(L, -1);
  lua_replace(L, CREDENTIALS_ERROR);
}

static void release(batch *b, place *p) {
  ivs_call_reset(&p->call->core);
  p->state = FREE;
  b->busy--;
}

/* The call has failed; its error object is at the top. */
static void take_failure(lua_State *L, batch *b, place *p) {
  item *it = &b->items[p->item];
  const int sent = p->call->core.attempts, index = p->item;
  const bool is_requeued = should_requeue(b, p);
  const bool has_no_credentials =
      p->is_authenticating &&
      (p->call->has_provider_error || p->call->core.failure.kind == IVS_KIND_CREDENTIALS);
  release(b, p);
  if (has_no_credentials && !b->has_no_credentials) stop_for_credentials(L, b);
  if (b->is_nothing_sent) return;
  if (is_requeued) {
    it->attempts += sent;
    it->turns++;
    ivs_lua_batch_queue_add(b, p->region, index);
    return;
  }
  add_attempts(L, it->attempts);
  ivs_lua_batch_results_settle_error(L, b, index);
}

/* ---- steps ---- */

static void on_sent(void *user) {
  const place *p = user;
  ivs_pace_note_sent(&p->region->pace, ivs_clock_now());
}

static void authenticate(lua_State *L, batch *b, place *p, int call_index) {
  const ivs_client *client = &b->client->core;
  const double now = ivs_clock_now();
  p->is_authenticating = true;
  if (now < b->refresh_at && ivs_credentials_valid(&client->credentials, now + client->clock_offset)) {
    ivs_call_credentials(&p->call->core);
    return;
  }
  ivs_lua_steps_authenticate(L, p->call, CLIENT, call_index);
  b->refresh_at = ivs_clock_now() + refresh_interval;
}

/* Sends the request. True: the call has a result; false: the exchange is running. */
static bool send_request(lua_State *L, batch *b, place *p) {
  ivs_call *core = &p->call->core;
  const ivs_exchange exchange = {.request = &core->request,
                                 .response = &core->response,
                                 .failure = &core->failure,
                                 .user = p,
                                 .on_sent = on_sent};
  b->has_sent = true;
  if (!b->multi) {
    on_sent(p);
    ivs_lua_steps_transport(L, p->call, CLIENT);
  } else if (ivs_multi_start(b->multi, &exchange)) {
    ivs_call_no_response_as_set(core);
  } else {
    p->state = SENDING;
    return false;
  }
  return true;
}

/* Carries out the steps of a call until it waits or is settled. */
static void advance(lua_State *L, batch *b, place *p) {
  ivs_lua_call *call = p->call;
  lua_rawgeti(L, CALLS, p->index + 1);
  const int call_index = lua_gettop(L);
  for (;;) {
    const enum ivs_step step = ivs_lua_call_advance(L, call, CLIENT, call_index);
    if (!b->client->is_open) break; /* the logger or provider has closed it */
    if (step == IVS_STEP_CREDENTIALS) {
      authenticate(L, b, p, call_index);
      continue;
    }
    if (step == IVS_STEP_SLEEP) {
      p->state = SLEEPING;
      p->wake_at = ivs_clock_monotonic() + call->core.delay;
    } else if (step == IVS_STEP_EXCHANGE) {
      p->is_authenticating = false;
      if (send_request(L, b, p)) continue;
    } else if (step == IVS_STEP_DONE) {
      release(b, p);
      ivs_lua_batch_results_settle_response(L, b, p);
    } else {
      take_failure(L, b, p);
    }
    break;
  }
  lua_settop(L, TOP);
}

/* ---- the loop ---- */

static place *find_free(batch *b) {
  for (int i = 0; i < b->place_count; i++)
    if (b->places[i].state == FREE) return &b->places[i];
  return NULL;
}

static void begin(lua_State *L, batch *b, place *p, region *r) {
  const int index = ivs_lua_batch_queue_take(b, r);
  *p = (place){.call = p->call, .region = r, .index = p->index, .item = index, .state = SLEEPING};
  b->busy++;
  lua_rawgeti(L, ARNS, index + 1);
  const int arn = lua_gettop(L);
  if (p->call) {
    lua_rawgeti(L, CALLS, p->index + 1);
  } else {
    p->call = ivs_lua_call_acquire(L, CLIENT);
    lua_pushvalue(L, -1);
    lua_rawseti(L, CALLS, p->index + 1);
  }
  ivs_lua_call_begin(L, p->call, &ivs_operation_get_recording_configuration, arn);
  p->call->core.pace = &r->pace;
  lua_settop(L, TOP);
  advance(L, b, p);
}

static void begin_ready(lua_State *L, batch *b) {
  region *r;
  place *p;
  while (b->client->is_open && !b->has_no_credentials && (p = find_free(b)) &&
         (r = ivs_lua_batch_queue_find_ready(b, ivs_clock_now())))
    begin(L, b, p, r);
}

static void wake_sleepers(lua_State *L, batch *b) {
  const double now = ivs_clock_monotonic();
  for (int i = 0; i < b->place_count && b->client->is_open; i++) {
    place *p = &b->places[i];
    if (p->state != SLEEPING || now < p->wake_at) continue;
    ivs_call_slept(&p->call->core);
    advance(L, b, p);
  }
}

static void take_ended(lua_State *L, batch *b) {
  int status;
  for (place *p; b->multi && b->client->is_open && (p = ivs_multi_take_ended(b->multi, &status));) {
    if (status)
      ivs_call_no_response_as_set(&p->call->core);
    else
      ivs_call_response(&p->call->core);
    advance(L, b, p);
  }
}

/* Seconds until the next call wakes up or may begin. */
static double time_left(batch *b) {
  const double now = ivs_clock_monotonic(), wall = ivs_clock_now();
  double left = HUGE_VAL;
  for (int i = 0; i < b->place_count; i++)
    if (b->places[i].state == SLEEPING) left = fmin(left, b->places[i].wake_at - now);
  if (b->busy < b->place_count && !b->has_no_credentials)
    for (int i = 0; i < b->region_count; i++)
      if (b->regions[i].first != NONE) left = fmin(left, ivs_pace_wait(&b->regions[i].pace, wall));
  return fmax(left, 0);
}

static void loop(lua_State *L, batch *b) {
  ivs_lua_interrupt interrupt;
  ivs_lua_interrupt_begin(L, &interrupt);
  const ivs_multi_interrupt interruption = {ivs_lua_interrupt_is_due, &interrupt};
  for (;;) {
    begin_ready(L, b);
    if (!b->client->is_open || b->is_nothing_sent) return;
    if (b->busy == 0 && (b->has_no_credentials || !ivs_lua_batch_queue_is_left(b))) return;
    if (b->multi) {
      ivs_multi_run(b->multi, time_left(b), &interruption);
      ivs_lua_interrupt_run(&interrupt);
    } else {
      ivs_lua_sleep_for(L, time_left(b));
    }
    take_ended(L, b);
    wake_sleepers(L, b);
  }
}

/* ---- set-up and end ---- */

/* True; or pushes nil and an error object and returns false. */
static bool open_multi(lua_State *L, batch *b) {
  if (b->client->has_transport) return true;
  ivs_failure *failure = ivs_lua_failure_new(L);
  const ivs_settings settings = ivs_lua_fetch_settings(L, b->client, CLIENT);
  if (ivs_multi_open(&b->multi, &settings, b->place_count, failure) == IVS_OK) {
    lua_settop(L, TOP);
    return true;
  }
  ivs_lua_failure_return(L, failure);
  return false;
}

/* (client, plan, batch, calls) → result | nil, err. To be called with lua_pcall. */
static int run(lua_State *L) {
  batch *b = lua_touserdata(L, BATCH);
  luaL_checkstack(L, TOP + LUA_MINSTACK, "too little stack for a batch");
  lua_getfield(L, PLAN, "arns");
  lua_getfield(L, PLAN, "on_progress");
  lua_getfield(L, PLAN, "on_result");
  lua_createtable(L, b->item_count, 0);
  lua_newtable(L);
  lua_pushnil(L);
  b->items = lua_newuserdata(L, (size_t)b->item_count * sizeof *b->items);
  lua_pushnil(L); /* REGIONS */
  lua_getfield(L, PLAN, "max_tps");
  const double max_tps = lua_tonumber(L, -1);
  lua_pop(L, 1);
  ivs_lua_batch_queue_fill(L, b, max_tps);
  if (!open_multi(L, b)) return 2;
  loop(L, b);
  if (b->is_nothing_sent) {
    lua_pushnil(L);
    lua_pushvalue(L, CREDENTIALS_ERROR);
    return 2;
  }
  ivs_lua_batch_results_settle_remaining(L, b);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &result_key);
  lua_pushvalue(L, ARNS);
  lua_pushvalue(L, CONFIGURATIONS);
  lua_pushvalue(L, ERRORS);
  lua_call(L, 3, 1);
  return 1;
}

/* Replaces the argument by the plan (lua/ivs/batch.lua); raises misuse at the caller's level. */
static void plan_arguments(lua_State *L) {
  if (!lua_isnoneornil(L, PLAN + 1))
    luaL_argerror(L, PLAN + 1, "one argument expected: a table { arns = { … } }");
  lua_settop(L, PLAN);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &misuse_key);
  lua_pushvalue(L, PLAN);
  lua_call(L, 1, 1);
  if (!lua_isnil(L, -1)) luaL_argerror(L, PLAN, lua_tostring(L, -1));
  lua_pop(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &plan_key);
  lua_insert(L, PLAN);
  lua_call(L, 1, 1);
}

/* Pushes the batch and the table of its calls. */
static batch *new_batch(lua_State *L, ivs_lua_client *client) {
  lua_getfield(L, PLAN, "max_concurrency");
  lua_getfield(L, PLAN, "arns");
  const int items = (int)lua_rawlen(L, -1), concurrency = (int)lua_tonumber(L, -2);
  const int places = concurrency < items ? concurrency : items;
  lua_pop(L, 2);
  batch *b = ivs_lua_objects_new(L, &batch_type, sizeof *b + (size_t)places * sizeof *b->places);
  b->client = client;
  b->item_count = items;
  b->place_count = places;
  for (int i = 0; i < places; i++) b->places[i].index = i;
  lua_newtable(L);
  return b;
}

/* Ends the batch after success or failure: cancels running exchanges and wipes the calls. */
static void end(lua_State *L, batch *b) {
  close_multi(b);
  for (int i = 0; i < b->place_count; i++)
    if (b->places[i].call) ivs_call_reset(&b->places[i].call->core);
  lua_rawgeti(L, CALLS, 1);
  if (!lua_isnil(L, -1)) ivs_lua_call_release(L, CLIENT, -1);
  lua_pop(L, 1);
}

int ivs_lua_batch_call(lua_State *L) {
  ivs_lua_client *client = ivs_lua_client_check(L, CLIENT);
  plan_arguments(L);
  if (!client->is_open) {
    ivs_lua_batch_results_push_closed(L);
    return 2;
  }
  batch *b = new_batch(L, client);
  lua_pushcfunction(L, run);
  for (int i = CLIENT; i <= CALLS; i++) lua_pushvalue(L, i);
  const int status = lua_pcall(L, CALLS, 2, 0);
  end(L, b);
  if (status != LUA_OK) return lua_error(L);
  return lua_isnil(L, -2) ? 2 : (lua_pop(L, 1), 1);
}
