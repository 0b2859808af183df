/* GetRecordingConfiguration (API version 2020-07-14), from the service's public model. */
#include "operation.h"
#include "status.h"

#include <string.h>

const ivs_operation ivs_operation_get_recording_configuration = {
    .name = "GetRecordingConfiguration",
    .service = "ivs",
    .prefix = "ivs",
    .path = "/GetRecordingConfiguration",
    .content_type = "application/json",
    .is_signed = true,
};

const char *const ivs_operation_code_members[] = {"code", "Code", "__type", NULL};
const char *const ivs_operation_message_members[] = {"message", "Message", "exceptionMessage", NULL};

static const ivs_shape string = {IVS_SHAPE_STRING, NULL, NULL};
static const ivs_shape integer = {IVS_SHAPE_INTEGER, NULL, NULL};
static const ivs_shape strings = {IVS_SHAPE_LIST, NULL, &string};
static const ivs_shape tags = {IVS_SHAPE_MAP, NULL, &string};

#define STRUCTURE(name, ...)                                                                                 \
  static const ivs_member name##_members[] = {__VA_ARGS__, {NULL, NULL}};                                    \
  static const ivs_shape name = {IVS_SHAPE_STRUCTURE, name##_members, NULL}

STRUCTURE(s3, {"bucketName", &string});
STRUCTURE(destination, {"s3", &s3});
STRUCTURE(rendition, {"renditionSelection", &string}, {"renditions", &strings});
STRUCTURE(thumbnail, {"recordingMode", &string}, {"resolution", &string}, {"storage", &strings},
          {"targetIntervalSeconds", &integer});
STRUCTURE(recording_configuration, {"arn", &string}, {"destinationConfiguration", &destination},
          {"name", &string}, {"recordingReconnectWindowSeconds", &integer},
          {"renditionConfiguration", &rendition}, {"state", &string}, {"tags", &tags},
          {"thumbnailConfiguration", &thumbnail});

static const ivs_member output_members[] = {{"recordingConfiguration", &recording_configuration},
                                            {NULL, NULL}};
const ivs_shape ivs_operation_output = {IVS_SHAPE_STRUCTURE, output_members, NULL};

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

int ivs_operation_write_body(ivs_buffer *out, ivs_slice arn) {
  ivs_buffer_add_text(out, "{\"arn\": \"");
  for (size_t at = 0; at < arn.length;) {
    size_t start = at;
    while (at < arn.length && is_plain(arn.data[at])) at++;
    ivs_buffer_add(out, arn.data + start, at - start);
    if (at == arn.length) break;
    int32_t point = ivs_text_next_codepoint(arn, &at);
    if (point < 0) return IVS_EINVAL;
    add_escaped(out, point);
  }
  return ivs_buffer_add_text(out, "\"}");
}

ivs_slice ivs_operation_arn_region(ivs_slice arn) {
  const ivs_slice none = {NULL, 0};
  size_t start = 0;
  for (int field = 0; field <= 3; field++) {
    const char *colon = start < arn.length ? memchr(arn.data + start, ':', arn.length - start) : NULL;
    if (!colon) return none;
    ivs_slice text = {arn.data + start, (size_t)(colon - arn.data) - start};
    if (field == 0 && !ivs_text_equal(text, "arn")) return none;
    if (field == 3) return ivs_text_is_host_label(text) ? text : none;
    start += text.length + 1;
  }
  return none;
}

ivs_slice ivs_operation_plain_code(ivs_slice code) {
  const char *colon = code.length ? memchr(code.data, ':', code.length) : NULL;
  if (colon) code.length = (size_t)(colon - code.data);
  for (size_t i = code.length; i > 0; i--)
    if (code.data[i - 1] == '#') return ivs_text_trim((ivs_slice){code.data + i, code.length - i});
  return ivs_text_trim(code);
}

bool ivs_operation_is_generic(ivs_slice body) {
  size_t at = 0;
  while (at < body.length && body.data[at] && strchr(" \t\r\n", body.data[at])) at++;
  return at == body.length || body.data[at] == '<';
}

const char *ivs_operation_reason(int status) {
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
