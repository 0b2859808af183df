/* The results of a batch, and its callbacks. */
#include "lua/blocking/batch_internal.h"
#include "lua/failure.h"

/* Calls on_result and on_progress. The configuration and the error, one of them nil, are at the top of the stack. */
static void report(lua_State *L, batch *b, int index) {
  const int configuration = lua_gettop(L) - 1;
  b->done++;
  if (!lua_isnil(L, ON_RESULT)) {
    lua_pushvalue(L, ON_RESULT);
    lua_rawgeti(L, ARNS, index + 1);
    lua_pushvalue(L, configuration);
    lua_pushvalue(L, configuration + 1);
    lua_call(L, 3, 0);
  }
  if (!lua_isnil(L, ON_PROGRESS) && b->client->is_open) {
    lua_pushvalue(L, ON_PROGRESS);
    lua_pushinteger(L, b->done);
    lua_pushinteger(L, b->item_count);
    lua_call(L, 2, 0);
  }
}

void ivs_lua_batch_results_settle_error(lua_State *L, batch *b, int index) {
  lua_pushvalue(L, -1);
  lua_rawseti(L, ERRORS, index + 1);
  lua_pushnil(L);
  lua_insert(L, -2);
  report(L, b, index);
}

/* The error for a successful response without a recording configuration. */
static void push_missing_configuration(lua_State *L) {
  ivs_failure *failure = ivs_lua_failure_new(L);
  ivs_failure_format(failure, IVS_KIND_RESPONSE, "ResponseParserError",
                     "The response has no recordingConfiguration.");
  ivs_lua_failure_return(L, failure);
}

void ivs_lua_batch_results_settle_response(lua_State *L, batch *b, place *p) {
  p->region->throttled = 0;
  lua_getfield(L, -1, "recordingConfiguration");
  if (lua_isnil(L, -1)) {
    push_missing_configuration(L);
    ivs_lua_batch_results_settle_error(L, b, p->item);
    return;
  }
  lua_pushvalue(L, -1);
  lua_rawseti(L, CONFIGURATIONS, p->item + 1);
  lua_pushnil(L);
  report(L, b, p->item);
}

void ivs_lua_batch_results_push_closed(lua_State *L) {
  ivs_failure *failure = ivs_lua_failure_new(L);
  ivs_lua_client_refuse_closed(failure);
  ivs_lua_failure_return(L, failure);
}

static bool is_settled(lua_State *L, int index) {
  lua_rawgeti(L, CONFIGURATIONS, index + 1);
  lua_rawgeti(L, ERRORS, index + 1);
  const bool is_settled = !lua_isnil(L, -1) || !lua_isnil(L, -2);
  lua_pop(L, 2);
  return is_settled;
}

void ivs_lua_batch_results_settle_remaining(lua_State *L, batch *b) {
  for (int i = 0; i < b->item_count && b->done < b->item_count; i++) {
    if (is_settled(L, i)) continue;
    if (b->client->is_open) {
      lua_pushvalue(L, CREDENTIALS_ERROR);
      ivs_lua_batch_results_settle_error(L, b, i);
    } else {
      ivs_lua_batch_results_push_closed(L);
      lua_rawseti(L, ERRORS, i + 1);
    }
    lua_settop(L, TOP);
  }
}
