/* The rules of botocore's RestJSONParser. */
#include "rest_json.h"

#include <string.h>

const char *const ivs_rest_json_code_members[] = {"code", "Code", "__type", NULL};
const char *const ivs_rest_json_message_members[] = {"message", "Message", "exceptionMessage", NULL};

ivs_slice ivs_rest_json_plain_code(ivs_slice code) {
  const char *colon = code.length ? memchr(code.data, ':', code.length) : NULL;
  if (colon) code.length = (size_t)(colon - code.data);
  for (size_t i = code.length; i > 0; i--)
    if (code.data[i - 1] == '#') return ivs_text_trim((ivs_slice){code.data + i, code.length - i});
  return ivs_text_trim(code);
}

bool ivs_rest_json_is_generic(ivs_slice body) {
  size_t at = 0;
  while (at < body.length && body.data[at] && strchr(" \t\r\n", body.data[at])) at++;
  return at == body.length || body.data[at] == '<';
}

const char *ivs_rest_json_reason(int status) {
  static const struct {
    int status;
    const char *reason;
  } reasons[] = {
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {506, "Variant Also Negotiates"},
      {507, "Insufficient Storage"},
      {508, "Loop Detected"},
      {510, "Not Extended"},
      {511, "Network Authentication Required"},
  };
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].status == status) return reasons[i].reason;
  return "";
}
