/*
 * Gets many recording configurations concurrently, over libcurl's multi handle.
 */
#ifndef IVS_LUA_BATCH_H
#define IVS_LUA_BATCH_H

#include "lua/compat.h"

/* Once, from luaopen_ivs. */
void ivs_lua_batch_register(lua_State *L);

/*
 * Lua: client:batch_get_recording_configuration { arns, max_concurrency = 16, max_tps = 3, on_progress,
 * on_result } → { recordingConfigurations, errors = { { arn, code, message, error }, … } } | nil, err
 *
 * Both lists are in the order of `arns`. A duplicate ARN is fetched once. The call as a whole fails only if
 * no request could be sent: a closed client, no credentials, an unusable libcurl. on_progress(done, total)
 * and on_result(arn, configuration | nil, err | nil) are called for each ARN when it is settled. An error
 * that they raise, and Ctrl-C, ends the batch: running requests are canceled, and the error is raised again.
 * If one of them closes the client, the remaining ARNs get the error ClientClosedError.
 */
int ivs_lua_batch_call(lua_State *L);

#endif
