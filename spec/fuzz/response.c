/*
 * The parts of a response except the body: headers, codes, timestamps, Retry-After. The parts of an ARN: its
 * region, and the request body with it.
 *
 * Input: a byte for the status, a byte for the mode and the attempt, then lines. A line with a ':' is a
 * header; each line is also used as a code, a timestamp, a number, an ARN and a message.
 */
#include "core/failure.h"
#include "core/message.h"
#include "core/timestamp.h"
#include "core/endpoint.h"
#include "core/json.h"
#include "core/rest_json.h"
#include "core/retry.h"
#include "core/status.h"
#include "fuzz.h"

#include <math.h>

static const int statuses[] = {200, 400, 403, 404, 429, 500, 502, 503, 504, 999};

static void try_header(ivs_response *response, ivs_slice line, size_t *taken) {
  const char *colon = line.length ? memchr(line.data, ':', line.length) : NULL;
  if (!colon) return;
  ivs_slice name = fuzz_copy((ivs_slice){line.data, (size_t)(colon - line.data)});
  ivs_slice value = fuzz_copy((ivs_slice){colon + 1, line.length - name.length - 1});
  size_t before = response->headers.length;
  int status = ivs_response_add_header(response, name, value);
  REQUIRE(status == IVS_OK || status == IVS_EINVAL || status == IVS_ETOOBIG);
  if (status)
    REQUIRE(response->headers.length == before);
  else
    (*taken)++;
  free((char *)name.data), free((char *)value.data);
}

static void check_headers(const ivs_response *response, size_t taken) {
  ivs_slice name, value;
  size_t found = 0;
  for (size_t at = 0; ivs_response_next_header(response, &at, &name, &value); found++) {
    REQUIRE(name.length && !memchr(name.data, ' ', name.length));
    for (size_t i = 0; i < name.length; i++) REQUIRE(ivs_text_lower(name.data[i]) == name.data[i]);
    REQUIRE(!value.length ||
            (!memchr(value.data, '\r', value.length) && !memchr(value.data, '\n', value.length)));
    REQUIRE(ivs_response_header(response, name.data).data != NULL);
    REQUIRE(at <= response->headers.length);
  }
  REQUIRE(found == taken);
}

static void try_time(ivs_slice text) {
  double seconds = 0, again = 0;
  char date[IVS_AMZ_DATE_SIZE], iso[32];
  if (ivs_timestamp_parse_http(text, &seconds)) {
    REQUIRE(isfinite(seconds) && fabs(seconds) < 4e11);
    ivs_timestamp_amz_date(seconds, date);
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6, date + 9, date + 11,
             date + 13);
    /* year 0 is clamped to year 1; a leap second may be in the year 10000 */
    REQUIRE(ivs_timestamp_parse_iso8601(ivs_text_slice(iso), &again));
    REQUIRE(again == seconds || seconds < -62135596800.0 || seconds > 253402300799.0);
  }
  if (ivs_timestamp_parse_iso8601(text, &seconds)) {
    REQUIRE(isfinite(seconds) && fabs(seconds) < 4e11);
    ivs_timestamp_amz_date(seconds, date);
    REQUIRE(strlen(date) == IVS_AMZ_DATE_SIZE - 1 && strspn(date, "0123456789TZ") == IVS_AMZ_DATE_SIZE - 1);
  }
}

static void try_failure(ivs_slice text) {
  ivs_failure failure;
  ivs_failure_init(&failure);
  ivs_slice code = ivs_rest_json_plain_code(text);
  REQUIRE(code.length <= text.length);
  REQUIRE(!code.length || !memchr(code.data, ':', code.length));
  REQUIRE(!code.length || !memchr(code.data, '#', code.length));
  ivs_failure_set(&failure, IVS_KIND_SERVICE, code, text);
  REQUIRE(strlen(failure.code) < IVS_CODE_MAX);
  REQUIRE(failure.message.length <= text.length);
  if (ivs_text_is_utf8(text)) {
    REQUIRE(ivs_text_is_utf8(ivs_text_slice(failure.code)));
    REQUIRE(ivs_text_is_utf8((ivs_slice){ivs_buffer_text(&failure.message), failure.message.length}));
  }
  ivs_failure_free(&failure);
}

/* The JSON string contains only printable ASCII. */
static void try_arn(ivs_slice text) {
  ivs_buffer body;
  ivs_buffer_init(&body, 1024 * 1024);
  int status = ivs_json_add_string(&body, text);
  REQUIRE(status == IVS_OK || status == IVS_EINVAL);
  REQUIRE((status == IVS_OK) == ivs_text_is_utf8(text));
  if (status == IVS_OK) {
    REQUIRE(body.length >= text.length + strlen("\"\"") || !ivs_text_has_control(text));
    for (size_t i = 0; i < body.length; i++) REQUIRE(body.data[i] >= 0x20 && body.data[i] < 0x7f);
  }
  ivs_buffer_free(&body);
  ivs_slice region = ivs_endpoint_arn_region(text);
  REQUIRE(!region.length || ivs_text_is_host_label(region));
}

static void check_delay(const ivs_response *response, unsigned bits) {
  ivs_retry retry;
  ivs_retry_init(&retry, (enum ivs_retry_mode)(bits % 3), 0, 0);
  enum ivs_retry_cause cause = bits & 8 ? IVS_RETRY_CAUSE_TRANSIENT : IVS_RETRY_CAUSE_THROTTLING;
  int n = 1 + (int)(bits >> 4);
  for (int i = 0; i <= 4; i++) {
    double delay = ivs_retry_delay(&retry, cause, n, i / 4.0, response, 1.7e9);
    REQUIRE(isfinite(delay) && delay >= 0);
    REQUIRE(retry.mode == IVS_RETRY_LEGACY || delay <= 25);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in = {data, size};
  ivs_response response;
  size_t taken = 0;
  ivs_response_init(&response, 1024);
  response.status = statuses[fuzz_byte(&in) % (sizeof statuses / sizeof *statuses)];
  unsigned bits = fuzz_byte(&in);
  while (in.left) {
    ivs_slice line = fuzz_copy(fuzz_line(&in));
    ivs_retry retry = {.mode = (enum ivs_retry_mode)(bits % 3)};
    char *code = fuzz_string(line);
    uint64_t number;
    try_header(&response, line, &taken);
    try_time(line);
    try_failure(line);
    try_arn(line);
    ivs_rest_json_is_generic(line);
    ivs_text_number(line, &number);
    ivs_retry_classify(&retry, response.status, code, NULL);
    free(code);
    free((char *)line.data);
  }
  check_headers(&response, taken);
  check_delay(&response, bits);
  ivs_response_free(&response);
  return 0;
}
