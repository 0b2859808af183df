/* Iterates over tables of headers. */
#include "lua/headers.h"
#include "core/message.h"

bool ivs_lua_headers_next(lua_State *L, int table, ivs_lua_header *header, const char **problem) {
  if (!lua_next(L, table)) return false;
  if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1)) {
    *problem = "headers have to be a table of name → string";
    return false;
  }
  header->name.data = lua_tolstring(L, -2, &header->name.length);
  header->is_number = lua_type(L, -1) == LUA_TNUMBER;
  header->value.data = lua_tolstring(L, -1, &header->value.length);
  return true;
}

const char *ivs_lua_headers_check_sent(const ivs_lua_header *header, size_t body_length) {
  uint64_t length;
  if (header->is_number) return "a header's value has to be a string";
  if (!ivs_message_is_token(header->name)) return "a header's name is malformed";
  if (ivs_text_has_control(header->value)) return "a header's value has a control character";
  if (ivs_text_equal_ignoring_case(header->name, "Transfer-Encoding"))
    return "Transfer-Encoding is not supported: a body is sent with a Content-Length";
  if (ivs_text_equal_ignoring_case(header->name, "Content-Length") &&
      (!ivs_text_number(header->value, &length) || length != body_length))
    return "the Content-Length does not match the body";
  return NULL;
}
