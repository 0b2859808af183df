/*
 * HTTP/1.1 for drivers that have sockets but no HTTP client: writes requests as text, reads responses from
 * bytes. Only in ivs.core; the blocking driver uses libcurl.
 */
#ifndef IVS_LUA_HTTP1_H
#define IVS_LUA_HTTP1_H

#include "lua/compat.h"
#include "core/http1.h"

/* Once, from luaopen_ivs_core. */
void ivs_lua_http1_register(lua_State *L);
/* The reader at this index, or NULL. */
ivs_http1 *ivs_lua_http1_test(lua_State *L, int index);

/*
 * Lua: http_reader(max_body) → a reader for consecutive responses.
 *
 *   reader:feed(bytes)     "more" | "done" | nil, message, what
 *   reader:close()         the connection is closed: "done" | nil, message, what
 *   reader:response()      { status, headers, body }, when done
 *   reader:header(name)    its first value, or nil; name in lower case
 *   reader:keep_alive()    whether the connection may be reused
 *   reader:reset(max_body?, bodiless?)   for the next response; bodiless: a response to CONNECT
 *
 * what: "closed" (too early, or a chunk is malformed), "malformed", "too large" or "memory".
 */
int ivs_lua_http1_reader(lua_State *L);

/*
 * Lua: http_request(request, absolute?, proxy_authorization?) → text | nil, message, "malformed" or "memory".
 *
 * Writes the complete message of a request { method, url, headers?, body? }. Adds Host and Content-Length if
 * the headers have none. absolute: the target is the whole URL, for a proxy.
 */
int ivs_lua_http1_request(lua_State *L);

#endif
