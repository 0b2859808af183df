/*
 * Tables of HTTP headers, name → string, that Lua code gives. One walk over them for requests and responses, and the rules for
 * those that are to be sent.
 */
#ifndef IVS_LUA_HEADERS_H
#define IVS_LUA_HEADERS_H

#include "lua/compat.h"
#include "core/text.h"

/* Both texts stay valid while name and value are on the stack. */
typedef struct ivs_lua_header {
  ivs_slice name, value;
  bool is_number; /* the value, which is given as text */
} ivs_lua_header;

/* The next header, as lua_next: push nil first, and pop the value after each header. False at the end, or with *problem set (NULL
 * before the first header). */
bool ivs_lua_headers_next(lua_State *L, int table, ivs_lua_header *header, const char **problem);

/* Checks a header that is to be sent with a body of this length. Returns NULL, or the problem: a value that is not a string, a
 * malformed name, a control character, or a framing that is not that of the body (RFC 9112, section 6). */
const char *ivs_lua_headers_check_sent(const ivs_lua_header *header, size_t body_length);

#endif
