/*
 * The driver for plain scripts: it carries out a call's steps over libcurl and waits for each.
 */
#ifndef IVS_LUA_BLOCKING_H
#define IVS_LUA_BLOCKING_H

#include "compat.h"

/* Lua: client:get_recording_configuration(params) → response | nil, err. */
int ivs_blocking_get_recording_configuration(lua_State *L);

#endif
