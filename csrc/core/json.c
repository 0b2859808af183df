/* Escapes JSON strings (RFC 8259, section 7). */
#include "json.h"
#include "status.h"

#include <string.h>

static void add_escaped(ivs_buffer *out, int32_t point) {
  static const char plain[] = "\"\\\n\r\t\b\f", escapes[] = "\"\\nrtbf";
  const char *found = point ? memchr(plain, point < 0x80 ? (int)point : 0, sizeof plain - 1) : NULL;
  if (found) {
    ivs_buffer_add_byte(out, '\\');
    ivs_buffer_add_byte(out, escapes[found - plain]);
  } else if (point >= 0x10000) {
    int32_t rest = point - 0x10000;
    ivs_buffer_add_format(out, "\\u%04x\\u%04x", 0xd800u | (unsigned)(rest >> 10),
                          0xdc00u | (unsigned)(rest & 0x3ff));
  } else {
    ivs_buffer_add_format(out, "\\u%04x", (unsigned)point);
  }
}

static bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

int ivs_json_add_string(ivs_buffer *out, ivs_slice text) {
  ivs_buffer_add_byte(out, '"');
  for (size_t at = 0; at < text.length;) {
    size_t start = at;
    while (at < text.length && is_plain(text.data[at])) at++;
    ivs_buffer_add(out, text.data + start, at - start);
    if (at == text.length) break;
    int32_t point = ivs_text_next_codepoint(text, &at);
    if (point < 0) return IVS_EINVAL;
    add_escaped(out, point);
  }
  return ivs_buffer_add_byte(out, '"');
}
