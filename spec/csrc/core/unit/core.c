/*
 * Tests of the core for cases that Lua code cannot reach: texts that the upper layers reject earlier, states
 * that they never create. unit_spec.lua builds and runs it. It prints failed checks and then exits with 1.
 */
#include "core/buffer.h"
#include "core/call.h"
#include "core/timestamp.h"
#include "core/no_proxy.h"
#include "core/retry.h"
#include "core/status.h"
#include "core/uri.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void every_status_has_a_description(void) {
  for (int status = 0; status >= -7; status--) {
    CHECK(ivs_status_text(status)[0]);
    for (int other = 0; other > status; other--)
      CHECK(strcmp(ivs_status_text(status), ivs_status_text(other)));
  }
  CHECK(strcmp(ivs_status_text(-8), ivs_status_text(8)) == 0);
  CHECK(strcmp(ivs_step_name(IVS_STEP_COUNT), "unknown") == 0);
  CHECK(strcmp(ivs_kind_name(IVS_KIND_COUNT), "service") == 0);
}

/* Found by the fuzzer `sigv4`: a NUL ended a segment and a pair. */
static void a_nul_does_not_end_a_text(void) {
  ivs_buffer out;
  ivs_buffer_init(&out, 100);
  CHECK(!ivs_uri_add_canonical_path(&out, BYTES("/a\0b/./c")) && strcmp(out.data, "/a%00b/c") == 0);
  ivs_buffer_reset(&out);
  CHECK(!ivs_uri_add_canonical_query(&out, BYTES("b\0=1&a=2&")));
  CHECK(out.length == 10 && memcmp(out.data, "=&a=2&b\0=1", 10) == 0);
  ivs_buffer_free(&out);
}

static void the_canonical_forms_are_bounded(void) {
  enum { MANY = 2000 };
  char text[2 * MANY];
  ivs_buffer out;
  ivs_buffer_init(&out, 100000);
  for (int i = 0; i < MANY; i++) memcpy(text + 2 * i, "/a", 2);
  CHECK(ivs_uri_add_canonical_path(&out, bytes(text, sizeof text)) == IVS_ETOOBIG);
  ivs_buffer_reset(&out);
  memset(text, '&', sizeof text);
  CHECK(ivs_uri_add_canonical_query(&out, bytes(text, sizeof text)) == IVS_ETOOBIG);
  ivs_buffer_free(&out);
}

/* RFC 4291, 2.2. */
static void ipv6_addresses_may_end_in_ipv4(void) {
  static const char *const good[] = {"::ffff:192.0.2.1", "::192.0.2.1", "1:2:3:4:5:6:192.0.2.1", "::", "1::"};
  static const char *const bad[] = {"::ffff:192.0.2",
                                    "::192.0.2.256",
                                    "::1.2.3.4.5",
                                    "192.0.2.1",
                                    "1:2:3:4:5:6:7:192.0.2.1",
                                    "::1.2.3.x",
                                    "1:2",
                                    "::12345",
                                    ":1",
                                    "1::2::3",
                                    "::1.2..3",
                                    "::0001.2.3.4444"};
  ivs_uri uri;
  char text[64];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    snprintf(text, sizeof text, "https://[%s]:8443/", good[i]);
    CHECK(ivs_uri_parse(ivs_text_slice(text), &uri) == IVS_OK && uri.ipv6 && uri.port == 8443);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    snprintf(text, sizeof text, "https://[%s]/", bad[i]);
    CHECK(ivs_uri_parse(ivs_text_slice(text), &uri) == IVS_EINVAL);
  }
}

static void truncated_dates_are_rejected(void) {
  static const char whole[] = "Sun, 06 Nov 1994 08:49:37 GMT";
  double seconds = 0;
  CHECK(ivs_timestamp_parse_http(BYTES(whole), &seconds) && seconds == 784111777);
  for (size_t i = 0; i + 1 < sizeof whole - 1; i++)
    CHECK(!ivs_timestamp_parse_http(bytes(whole, i), &seconds));
  CHECK(!ivs_timestamp_parse_http(BYTES("Sun, 06 Nuv 1994 08:49:37 GMT"), &seconds));
  CHECK(!ivs_timestamp_parse_http(BYTES("Mon, 29 Feb 2100 00:00:00 GMT"), &seconds)); /* not a leap year */
  CHECK(ivs_timestamp_parse_http(BYTES("Tue, 29 Feb 2000 00:00:00 GMT"), &seconds) && seconds == 951782400);
}

static void retry_modes_have_exact_names(void) {
  enum ivs_retry_mode mode = IVS_RETRY_LEGACY;
  CHECK(ivs_retry_mode_from_name(BYTES("adaptive"), &mode) && mode == IVS_RETRY_ADAPTIVE);
  CHECK(!ivs_retry_mode_from_name(BYTES("Adaptive"), &mode) && mode == IVS_RETRY_ADAPTIVE);
  CHECK(!ivs_retry_mode_from_name(bytes(NULL, 0), &mode));
}

/* Texts with control characters, and texts that are too long. */
static void a_client_rejects_invalid_settings(void) {
  char *large = malloc(8192);
  ivs_failure failure;
  ivs_client client;
  CHECK(large);
  if (!large) return;
  memset(large, 'a', 8192);
  ivs_failure_init(&failure);
  ivs_client_init(&client);
  const ivs_client_settings plain = {.region = ivs_text_slice("us-west-2")};
  ivs_client_settings settings = plain;
  settings.user_agent = ivs_text_slice("a\r\nb");
  CHECK(ivs_client_open(&client, &settings, 0, &failure) == IVS_EREFUSED);
  CHECK(strcmp(failure.code, "InvalidConfigError") == 0 &&
        strstr(ivs_buffer_text(&failure.message), "control"));
  ivs_client_close(&client);
  settings = plain;
  settings.trace_id = bytes(large, 8192);
  CHECK(ivs_client_open(&client, &settings, 0, &failure) == IVS_EREFUSED);
  CHECK(strcmp(failure.code, "InvalidConfigError") == 0);
  ivs_client_close(&client);
  settings = plain;
  settings.endpoint_url = bytes(large, 8192);
  CHECK(ivs_client_open(&client, &settings, 0, &failure) == IVS_EREFUSED);
  ivs_client_close(&client);
  ivs_client_close(&client);
  ivs_failure_free(&failure);
  free(large);
}

static void credentials_are_replaced_as_a_whole_or_not_at_all(void) {
  char large[2000];
  ivs_credentials keys;
  memset(large, 'a', sizeof large);
  ivs_credentials_init(&keys);
  CHECK(!ivs_credentials_set(&keys, BYTES("id"), BYTES("secret"), BYTES("token"), 0));
  CHECK(ivs_credentials_set(&keys, BYTES("id2"), bytes(large, sizeof large), BYTES(""), 0) == IVS_ETOOBIG);
  CHECK(ivs_credentials_set(&keys, BYTES("id2"), BYTES("s\n"), BYTES(""), 0) == IVS_EINVAL);
  CHECK(ivs_credentials_set(&keys, BYTES(""), BYTES("s"), BYTES(""), 0) == IVS_EINVAL);
  CHECK(strcmp(keys.access_key_id.data, "id") == 0 && strcmp(keys.session_token.data, "token") == 0);
  CHECK(keys.generation == 1);
  ivs_credentials_free(&keys);
}

/* Inner runs of white space become one space. */
static void header_values_are_normalized_for_signing(void) {
  ivs_signer signer;
  CHECK(ivs_signer_open(&signer) == IVS_OK);
  ivs_sigv4_request request = {
      .method = "POST", .path = BYTES("/"), .region = "r", .service = "s", .header_count = 1};
  request.headers[0].name = "a";
  request.headers[0].value = BYTES(" \tx  \t y z ");
  ivs_timestamp_amz_date(0, request.amz_date);
  CHECK(ivs_sigv4_canonical_request(&signer, &request) == IVS_OK);
  CHECK(strstr(ivs_buffer_text(&signer.canonical_request), "\na:x y z\n"));
  ivs_signer_close(&signer);
}

/* Found by the fuzzer `call`: the client stored an offset that was not a finite number. */
static void an_invalid_clock_offset_is_not_stored(void) {
  static const unsigned char random[16];
  const double clocks[] = {NAN, INFINITY, -INFINITY};
  ivs_failure failure;
  ivs_client client;
  ivs_call call;
  ivs_failure_init(&failure);
  ivs_client_init(&client);
  const ivs_client_settings settings = {.region = ivs_text_slice("us-west-2")};
  CHECK(ivs_client_open(&client, &settings, 0, &failure) == IVS_OK);
  CHECK(!ivs_credentials_set(&client.credentials, BYTES("id"), BYTES("secret"), BYTES(""), 0));
  ivs_call_init(&call, &client, 100);
  for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
    ivs_call_begin(&call, &ivs_operation_get_recording_configuration, BYTES("{}"), BYTES("arn"), random);
    CHECK(ivs_call_next(&call, clocks[i], 0) == IVS_STEP_EXCHANGE);
    call.response.status = 403;
    ivs_response_add_header(&call.response, BYTES("date"), BYTES("Tue, 14 Nov 2023 22:13:20 GMT"));
    ivs_call_response(&call);
    CHECK(ivs_call_next(&call, clocks[i], 0) == IVS_STEP_DECODE);
    ivs_call_error(&call, BYTES("RequestTimeTooSkewed"), BYTES("m"), false);
    CHECK(ivs_call_next(&call, clocks[i], 0) == IVS_STEP_FAILED);
    CHECK(client.clock_offset == 0);
    ivs_call_reset(&call);
  }
  ivs_call_free(&call);
  ivs_client_close(&client);
  ivs_failure_free(&failure);
}

static void no_proxy_ignores_ports_and_white_space(void) {
  CHECK(ivs_no_proxy_is_bypassed(BYTES("  .example.com , x"), BYTES("a.example.com:443")));
  CHECK(!ivs_no_proxy_is_bypassed(BYTES(",, ."), BYTES("a.example.com")));
  CHECK(!ivs_no_proxy_is_bypassed(BYTES("b.example.com"), BYTES("ab.example.com")));
}

int main(void) {
  every_status_has_a_description();
  a_nul_does_not_end_a_text();
  the_canonical_forms_are_bounded();
  ipv6_addresses_may_end_in_ipv4();
  truncated_dates_are_rejected();
  retry_modes_have_exact_names();
  a_client_rejects_invalid_settings();
  credentials_are_replaced_as_a_whole_or_not_at_all();
  header_values_are_normalized_for_signing();
  an_invalid_clock_offset_is_not_stored();
  no_proxy_ignores_ports_and_white_space();
  return broken > 0;
}
