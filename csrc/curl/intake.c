/* libcurl's header and body callbacks. */
#include "intake.h"
#include "core/status.h"
#include "core/text.h"
#include "libcurl.h"

#include <string.h>

enum { FINAL = 200 };

/* Returns false, for the callbacks: libcurl then ends the transfer. */
static bool refuse(ivs_intake *intake, ivs_intake_refusal refusal) {
  intake->refusal = refusal;
  return false;
}

static bool refuse_for(ivs_intake *intake, int status) {
  return refuse(intake, status == IVS_ENOMEM ? IVS_INTAKE_NO_MEMORY : IVS_INTAKE_TOO_BIG);
}

/* RFC 9112, 4: "HTTP/1.1 200 reason"; the reason and the space before it are optional. 0: malformed. */
static int read_status(ivs_slice line) {
  enum { DIGITS_AT = 9, REASON_AT = 12 };
  const char *text = line.data;
  if (line.length < REASON_AT || memcmp(text, "HTTP/1.", 7) != 0 || (text[7] != '0' && text[7] != '1') ||
      text[8] != ' ' || (line.length > REASON_AT && text[REASON_AT] != ' '))
    return 0;
  int status = 0;
  for (int i = DIGITS_AT; i < REASON_AT; i++) {
    if (!ivs_text_is_digit(text[i])) return 0;
    status = 10 * status + text[i] - '0';
  }
  return status >= 100 ? status : 0;
}

static bool take_status_line(ivs_intake *intake, ivs_slice line) {
  intake->response->status = read_status(line);
  if (!intake->response->status) return refuse(intake, IVS_INTAKE_BAD_STATUS);
  ivs_buffer_reset(&intake->response->headers); /* drops an interim response */
  intake->expects = IVS_INTAKE_HEADERS;
  return true;
}

/* The length must be a valid number, and unique (RFC 9112, 6.3), so that the end of the body is not
 * ambiguous. */
static bool is_bad_length(const ivs_response *response, ivs_slice name, ivs_slice value) {
  uint64_t length;
  if (!ivs_text_equal_ignoring_case(name, "content-length")) return false;
  value = ivs_text_trim(value);
  ivs_slice earlier = ivs_response_header(response, "content-length");
  return !ivs_message_read_length(value, &length) || (earlier.data && !ivs_text_equal(value, earlier.data));
}

static bool is_folded(ivs_slice line) {
  return line.data[0] == ' ' || line.data[0] == '\t';
}

static bool take_header(ivs_intake *intake, ivs_slice line) {
  const char *colon = memchr(line.data, ':', line.length);
  if (!colon) /* folded lines (RFC 9112, 5.2) are ignored */
    return is_folded(line) || refuse(intake, IVS_INTAKE_BAD_HEADER);
  const size_t length = (size_t)(colon - line.data);
  const ivs_slice name = {line.data, length}, value = {colon + 1, line.length - length - 1};
  if (is_bad_length(intake->response, name, value)) return refuse(intake, IVS_INTAKE_BAD_LENGTH);
  int status = ivs_response_add_header(intake->response, name, value);
  /* Headers with a malformed name are ignored, as HTTP clients do. */
  return (status != IVS_ENOMEM && status != IVS_ETOOBIG) || refuse_for(intake, status);
}

/* Checks a trailer, and drops it. */
static bool take_trailer(ivs_intake *intake, ivs_slice line) {
  return !line.length || is_folded(line) || memchr(line.data, ':', line.length) ||
         refuse(intake, IVS_INTAKE_BAD_HEADER);
}

static bool take_line(ivs_intake *intake, ivs_slice line) {
  if (!ivs_message_is_clean_line(line)) return refuse(intake, IVS_INTAKE_BAD_HEADER);
  if (intake->expects == IVS_INTAKE_AFTER_HEAD) return take_trailer(intake, line);
  if (intake->expects == IVS_INTAKE_STATUS_LINE) return take_status_line(intake, line);
  if (line.length) return take_header(intake, line);
  intake->expects = intake->response->status < FINAL ? IVS_INTAKE_STATUS_LINE : IVS_INTAKE_AFTER_HEAD;
  return true;
}

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  ivs_intake *intake = user;
  size_t length = size * count, end = length;
  intake->head_bytes += length;
  if (intake->head_bytes > IVS_RESPONSE_HEAD_MAX) return refuse(intake, IVS_INTAKE_TOO_BIG);
  if (end && data[end - 1] == '\n') end--;
  if (end && data[end - 1] == '\r') end--;
  return take_line(intake, (ivs_slice){data, end}) ? length : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  ivs_intake *intake = user;
  int status = ivs_buffer_add(&intake->response->body, data, size * count);
  return status ? refuse_for(intake, status) : size * count;
}

CURLcode ivs_intake_attach(ivs_intake *intake, CURL *handle) {
  CURLcode result = CURLE_OK;
  IVS_OPTION(result, handle, CURLOPT_HEADERFUNCTION, on_header);
  IVS_OPTION(result, handle, CURLOPT_HEADERDATA, intake);
  IVS_OPTION(result, handle, CURLOPT_WRITEFUNCTION, on_body);
  IVS_OPTION(result, handle, CURLOPT_WRITEDATA, intake);
  return result;
}

void ivs_intake_begin(ivs_intake *intake, ivs_response *response) {
  *intake = (ivs_intake){.response = response};
}

bool ivs_intake_has_head(const ivs_intake *intake) {
  return intake->expects == IVS_INTAKE_AFTER_HEAD;
}
