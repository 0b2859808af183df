/* libcurl's header and body callbacks. */
#include "intake.h"
#include "core/status.h"
#include "core/text.h"

#include <string.h>

/* Notes why a piece of the response could not be kept; 0 makes libcurl end the transfer. */
static size_t refuse_piece(ivs_intake *intake, int status) {
  if (status == IVS_ETOOBIG) intake->too_big = true;
  if (status == IVS_ENOMEM) intake->no_memory = true;
  return 0;
}

/* A length has to be a number, and one (RFC 9112, 6.3): where the body ends is not guessed. IVS_OK, IVS_EINVAL, or IVS_ETOOBIG
 * where the body could not be kept. */
static int check_length(const ivs_response *response, ivs_slice value) {
  uint64_t length;
  value = ivs_text_trim(value);
  ivs_slice earlier = ivs_response_header(response, "content-length");
  if (!ivs_text_number(value, &length) || (earlier.data && !ivs_text_equal(value, earlier.data)))
    return IVS_EINVAL;
  return length > response->body.cap ? IVS_ETOOBIG : IVS_OK;
}

static size_t keep_header(ivs_intake *intake, ivs_slice name, ivs_slice value) {
  const int length_status =
      ivs_text_same(name, "content-length") ? check_length(intake->response, value) : IVS_OK;
  if (length_status == IVS_EINVAL) intake->bad_length = true;
  if (length_status) return refuse_piece(intake, length_status);
  int status = ivs_response_add_header(intake->response, name, value);
  if (status == IVS_ENOMEM || status == IVS_ETOOBIG) return refuse_piece(intake, status);
  return 1; /* a malformed header is passed over, as HTTP clients do */
}

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  ivs_intake *intake = user;
  size_t length = size * count, end = length;
  intake->head_bytes += length;
  if (intake->head_bytes > IVS_RESPONSE_HEAD_MAX) return refuse_piece(intake, IVS_ETOOBIG);
  while (end && (data[end - 1] == '\r' || data[end - 1] == '\n')) end--;
  if (end == 0) {
    intake->head_ended = true;
    return length;
  }
  if (end >= 5 && memcmp(data, "HTTP/", 5) == 0 && !intake->response->body.length) {
    ivs_buffer_reset(&intake->response->headers); /* a status line: what came before was a 1xx */
    intake->head_ended = false;
    return length;
  }
  const char *colon = memchr(data, ':', end);
  if (!colon || intake->head_ended) return length;
  size_t name = (size_t)(colon - data);
  return keep_header(intake, (ivs_slice){data, name}, (ivs_slice){colon + 1, end - name - 1}) ? length : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  ivs_intake *intake = user;
  int status = ivs_buffer_add(&intake->response->body, data, size * count);
  return status ? refuse_piece(intake, status) : size * count;
}

void ivs_intake_connect(ivs_intake *intake, CURL *handle) {
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, intake);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, intake);
}

void ivs_intake_begin(ivs_intake *intake, ivs_response *response) {
  *intake = (ivs_intake){.response = response};
}
