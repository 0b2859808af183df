/*
 * HTTP/1.1 for drivers that own a socket but no HTTP client: the request as text, the response from bytes. In
 * ivs.core only; the blocking driver has libcurl for this.
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
 * Lua: http_reader(max_body) → reader for one response after the other.
 *
 *   reader:feed(bytes)     "more" | "done" | nil, message, what
 *   reader:close()         the connection has ended: "done" | nil, message, what
 *   reader:response()      { status, headers, body }, once done
 *   reader:header(name)    its first value, or nil; name in lower case
 *   reader:keep_alive()    whether the connection may carry another request
 *   reader:reset(max_body?, bodiless?)   for the next response; bodiless: the response to a CONNECT
 *
 * what: "closed" (too early, or a chunk is malformed), "malformed", "too large" or "memory".
 */
int ivs_lua_http1_reader(lua_State *L);

/*
 * Lua: http_request(request, absolute?, proxy_authorization?) → text | nil, message, "malformed" or "memory".
 *
 * The whole message of a request { method, url, headers?, body? }. Host and Content-Length are added where
 * the headers have none. absolute: the target is the URL, as a proxy wants it.
 */
int ivs_lua_http1_request(lua_State *L);

#endif
