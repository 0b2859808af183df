/* The queues of a batch: one for each region, in the order of the ARNs. */
#include "lua/blocking/batch_internal.h"
#include "core/clock.h"
#include "core/endpoint.h"

#include <string.h>

void ivs_lua_batch_queue_add(batch *b, region *r, int index) {
  b->items[index].next = NONE;
  if (r->first == NONE)
    r->first = index;
  else
    b->items[r->last].next = index;
  r->last = index;
}

int ivs_lua_batch_queue_take(batch *b, region *r) {
  const int index = r->first;
  r->first = b->items[index].next;
  return index;
}

region *ivs_lua_batch_queue_find_ready(batch *b, double now) {
  for (int i = 0; i < b->region_count; i++) {
    region *r = &b->regions[(b->next_region + i) % b->region_count];
    if (r->first == NONE || ivs_pace_wait(&r->pace, now) > 0) continue;
    b->next_region = (b->next_region + i + 1) % b->region_count;
    return r;
  }
  return NULL;
}

bool ivs_lua_batch_queue_is_left(const batch *b) {
  for (int i = 0; i < b->region_count; i++)
    if (b->regions[i].first != NONE) return true;
  return false;
}

static region *add_region(lua_State *L, batch *b, double max_tps) {
  if (b->region_count == b->region_capacity) {
    b->region_capacity = b->region_capacity ? 2 * b->region_capacity : 4;
    region *grown = lua_newuserdata(L, (size_t)b->region_capacity * sizeof *grown);
    if (b->region_count) memcpy(grown, b->regions, (size_t)b->region_count * sizeof *grown);
    b->regions = grown;
    lua_replace(L, REGIONS);
  }
  region *r = &b->regions[b->region_count++];
  *r = (region){.first = NONE};
  ivs_pace_init(&r->pace, max_tps, ivs_clock_now());
  return r;
}

/* Pops a name and returns its region, which is created if it is not in the table `known` (name → index from 1). */
static region *find_region(lua_State *L, batch *b, int known, double max_tps) {
  lua_pushvalue(L, -1);
  lua_rawget(L, known);
  const int index = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (index) {
    lua_pop(L, 1);
    return &b->regions[index - 1];
  }
  region *r = add_region(L, b, max_tps);
  lua_pushinteger(L, b->region_count);
  lua_rawset(L, known);
  return r;
}

void ivs_lua_batch_queue_fill(lua_State *L, batch *b, double max_tps) {
  lua_newtable(L);
  const int known = lua_gettop(L);
  for (int i = 0; i < b->item_count; i++) {
    ivs_slice arn, name = {"", 0};
    lua_rawgeti(L, ARNS, i + 1);
    arn.data = lua_tolstring(L, -1, &arn.length);
    if (!b->client->core.has_region) name = ivs_endpoint_arn_region(arn);
    lua_pushlstring(L, name.length ? name.data : "", name.length);
    b->items[i] = (item){.next = NONE};
    ivs_lua_batch_queue_add(b, find_region(L, b, known, max_tps), i);
    lua_pop(L, 1);
  }
  lua_settop(L, TOP);
}
