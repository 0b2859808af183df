/*
 * Many recording configurations at once, over libcurl's multi handle.
 */
#ifndef IVS_LUA_BATCH_H
#define IVS_LUA_BATCH_H

#include "lua/compat.h"

/* Once, from luaopen_ivs. */
void ivs_lua_batch_register(lua_State *L);

/*
 * Lua: client:batch_get_recording_configuration { arns, max_concurrency = 16, max_tps = 3, on_progress, on_result } →
 * { recordingConfigurations, errors = { { arn, code, message, error }, … } } | nil, err
 *
 * Both lists are in the order of `arns`; an ARN that is named twice is fetched once. The call fails as a whole only where nothing
 * could be asked: a closed client, no credentials, a libcurl that cannot be used. on_progress(done, total) and
 * on_result(arn, configuration | nil, err | nil) are called for each ARN when it is settled. What they raise, and Ctrl-C, ends the
 * batch: what is under way is given up, and the error is raised again. Where one of them closes the client, the ARNs that are not
 * settled get the error ClientClosedError.
 */
int ivs_lua_batch_call(lua_State *L);

#endif
