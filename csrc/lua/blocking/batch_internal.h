/*
 * What the parts of a batch share. Included by them only:
 *
 *   batch.c          the loop and the steps of its calls
 *   batch_queue.c    the queues of the regions
 *   batch_results.c  results and callbacks
 */
#ifndef IVS_LUA_BATCH_INTERNAL_H
#define IVS_LUA_BATCH_INTERNAL_H

#include "core/pace.h"
#include "curl/multi.h"
#include "lua/call.h"

enum { NONE = -1 };

typedef struct item {
  int next;     /* in the queue of its region; NONE: it is the last */
  int attempts; /* requests sent in earlier turns */
  unsigned char turns;
} item;

typedef struct region {
  ivs_pace pace;
  int first, last; /* the queue of items; first is NONE if it is empty */
  int throttled;   /* throttled turns since the last success */
} region;

typedef struct place {
  enum { FREE, SENDING, SLEEPING } state;
  ivs_lua_call *call;
  region *region;
  int index; /* of the place */
  int item;
  double wake_at;         /* on the monotonic clock */
  bool is_authenticating; /* its last step was CREDENTIALS */
} place;

typedef struct batch {
  ivs_lua_client *client;
  ivs_multi *multi; /* NULL with a transport function */
  item *items;      /* items and regions are userdata on the loop's stack */
  region *regions;
  int item_count, region_count, region_capacity, place_count;
  int busy;                /* places that are not free */
  int next_region;         /* where the search for a ready region begins */
  int done;                /* settled items */
  double refresh_at;       /* when valid credentials may be refreshed again */
  bool has_sent;           /* at least one request has been sent */
  bool has_no_credentials; /* the error is on the stack */
  bool is_nothing_sent;    /* has_no_credentials, and no request was sent before */
  place places[];
} batch;

/* The loop's stack. */
enum {
  CLIENT = 1,
  PLAN,
  BATCH,
  CALLS,
  ARNS,
  ON_PROGRESS,
  ON_RESULT,
  CONFIGURATIONS,
  ERRORS,
  CREDENTIALS_ERROR,
  ITEMS,
  REGIONS,
  TOP = REGIONS
};

/* ---- queues ---- */

/* Queues the ARNs. If the client has a region, all calls use it; else each call uses the region of its ARN. */
void ivs_lua_batch_queue_fill(lua_State *L, batch *b, double max_tps);
/* Adds an item at the end of its region's queue. */
void ivs_lua_batch_queue_add(batch *b, region *r, int index);
/* Takes the first item out of a queue that is not empty. */
int ivs_lua_batch_queue_take(batch *b, region *r);
/* Returns a region whose next call may begin; NULL: none. now: seconds since 1970. */
region *ivs_lua_batch_queue_find_ready(batch *b, double now);
/* Whether any region has items in its queue. */
bool ivs_lua_batch_queue_is_left(const batch *b);

/* ---- results ---- */

/* Both store the result of an item and call on_result and on_progress. The error object, or the response, is at the top. */
void ivs_lua_batch_results_settle_error(lua_State *L, batch *b, int index);
void ivs_lua_batch_results_settle_response(lua_State *L, batch *b, place *p);
/* Pushes nil and the error object of a closed client. */
void ivs_lua_batch_results_push_closed(lua_State *L);
/* Settles the ARNs that have no result because the client was closed or has no credentials. */
void ivs_lua_batch_results_settle_remaining(lua_State *L, batch *b);

#endif
