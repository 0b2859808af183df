/*
 * Reads tables of HTTP headers (name → string) from Lua code: an iterator for requests and responses, and
 * checks for request headers.
 */
#ifndef IVS_LUA_HEADERS_H
#define IVS_LUA_HEADERS_H

#include "lua/compat.h"
#include "core/text.h"

/* Both texts stay valid while name and value are on the stack. */
typedef struct ivs_lua_header {
  ivs_slice name, value;
  bool is_number; /* the value is a number; `value` is its text */
} ivs_lua_header;

/* Reads the next header. Used like lua_next: push nil first, and pop the value after each header. False at
 * the end, or after an error with *problem set; initialize it to NULL. */
bool ivs_lua_headers_next(lua_State *L, int table, ivs_lua_header *header, const char **problem);

/* Checks a request header, for a body of this length. Returns NULL, or the problem: a value that is not a
 * string, a malformed name, a control character, or framing that does not match the body (RFC 9112, section
 * 6). */
const char *ivs_lua_headers_check_sent(const ivs_lua_header *header, size_t body_length);

#endif
