/*
 * Tests of failures, headers and secrets in the core: caps, an object's own text as an argument, remains in
 * memory. unit_spec.lua builds and runs it. It prints failed checks and then exits with 1.
 */
#include "core/buffer.h"
#include "core/call.h"
#include "core/status.h"
#include "core/uri.h"
#include "unit.h"

#include <string.h>

static void buffers_wipe_the_bytes_after_their_end(void) {
  ivs_buffer buffer;
  ivs_buffer_init(&buffer, 100);
  CHECK(!ivs_buffer_add_text(&buffer, "0123456789"));
  ivs_buffer_truncate(&buffer, 20);
  CHECK(buffer.length == 10);
  ivs_buffer_truncate(&buffer, 4);
  CHECK(buffer.length == 4 && memcmp(buffer.data, "0123\0\0\0\0\0\0", 11) == 0);
  CHECK(!ivs_buffer_add_text(&buffer, "abcdef"));
  CHECK(!ivs_buffer_set(&buffer, buffer.data + 2, 5) && strcmp(buffer.data, "23abc") == 0);
  CHECK(buffer.length == 5 && memcmp(buffer.data, "23abc\0\0\0\0\0", 11) == 0);
  ivs_buffer_free(&buffer);
}

static void a_failure_may_be_set_from_itself(void) {
  ivs_failure failure;
  ivs_failure_init(&failure);
  ivs_failure_set(&failure, IVS_KIND_TLS, bytes(NULL, 0), bytes(NULL, 0));
  CHECK(failure.code[0] == '\0' && failure.message.length == 0);
  ivs_failure_set(&failure, IVS_KIND_TLS, BYTES("SSLError"), BYTES("a certificate"));
  ivs_failure_set(&failure, IVS_KIND_TIMEOUT, ivs_text_slice(failure.code),
                  bytes(failure.message.data + 2, failure.message.length - 2));
  CHECK(strcmp(failure.code, "SSLError") == 0 && strcmp(failure.message.data, "certificate") == 0);
  ivs_failure_free(&failure);
}

static void a_failure_is_truncated_at_a_character(void) {
  char text[IVS_FAILURE_MESSAGE_MAX + 100];
  ivs_failure failure;
  ivs_failure_init(&failure);
  for (int shift = 0; shift < 4; shift++) {
    memset(text, 'x', sizeof text);
    memcpy(text + IVS_FAILURE_MESSAGE_MAX - shift, "\xf0\x9f\x8e\xa5", 4);
    ivs_failure_set(&failure, IVS_KIND_TLS, BYTES("c"), bytes(text, sizeof text));
    ivs_failure_truncate(&failure);
    CHECK(failure.message.length == (size_t)(IVS_FAILURE_MESSAGE_MAX - shift));
  }
  ivs_failure_free(&failure);
}

/* Independent of the kind that a layer reports. A service may send the same code. */
static void out_of_memory_and_libcrypto_are_internal(void) {
  ivs_failure failure;
  ivs_failure_init(&failure);
  ivs_failure_from_status(&failure, IVS_ENOMEM, "x");
  CHECK(failure.kind == IVS_KIND_INTERNAL && failure.retryable &&
        strcmp(failure.code, "OutOfMemoryError") == 0);
  ivs_failure_from_status(&failure, IVS_ECRYPTO, "x");
  CHECK(failure.kind == IVS_KIND_INTERNAL && !failure.retryable && strcmp(failure.code, "CryptoError") == 0);
  ivs_failure_set(&failure, IVS_KIND_CREDENTIALS, BYTES("OutOfMemoryError"), BYTES(""));
  CHECK(failure.kind == IVS_KIND_INTERNAL && failure.retryable);
  ivs_failure_set(&failure, IVS_KIND_SERVICE, BYTES("OutOfMemoryError"), BYTES(""));
  CHECK(failure.kind == IVS_KIND_SERVICE && !failure.retryable);
  ivs_failure_free(&failure);
}

/* Includes the invalid UTF-8 sequences of RFC 3629. */
static void urls_are_masked_and_printable(void) {
  static const char *const cases[][2] = {
      {"https://u:p@h/", "https://***@h/"},
      {"https://u:p/w@h@i", "https://***@i"},
      {"u:p://w@h", "***@h"},
      {"a+b.c-d://u@h", "a+b.c-d://***@h"},
      {"https://h/", "https://h/"},
      {"://u@h", "***@h"},
      {"@", "***@"},
      {"", ""},
      {"a\r\n\t\x7f", "a????"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xa5", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xa5"},
      {"\xc2\x85\xc0\x80\xed\xa0\x80\xff\xe2\x82", "??"
                                                   "??"
                                                   "???"
                                                   "?"
                                                   "??"}};
  ivs_buffer out;
  ivs_buffer_init(&out, 100);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ivs_buffer_reset(&out);
    CHECK(!ivs_uri_add_masked(&out, ivs_text_slice(cases[i][0])) &&
          !strcmp(ivs_buffer_text(&out), cases[i][1]));
  }
  ivs_buffer_free(&out);
}

static void numbers_out_of_range_are_rejected(void) {
  uint64_t number = 0;
  CHECK(ivs_text_number(BYTES("1234567890123456789"), &number) && number == UINT64_C(1234567890123456789));
  CHECK(ivs_text_number(BYTES("18446744073709551615"), &number) && number == UINT64_MAX);
  CHECK(ivs_text_number(BYTES("00000000000000000000000007"), &number) && number == 7);
  CHECK(!ivs_text_number(BYTES("18446744073709551616"), &number) && number == 7);
  CHECK(!ivs_text_number(BYTES("99999999999999999999"), &number));
  CHECK(!ivs_text_number(BYTES("+1"), &number) && !ivs_text_number(BYTES("1 "), &number));
  CHECK(!ivs_text_number(BYTES(""), &number));
}

/* The limit applies to names and values, not to the memory for storing them. */
static void the_header_limit_counts_names_and_values(void) {
  ivs_response response;
  ivs_slice name, value;
  char large[IVS_RESPONSE_HEADERS_MAX];
  memset(large, 'a', sizeof large);
  ivs_response_init(&response, 10);
  for (int i = 0; i < IVS_RESPONSE_HEADERS_MAX / 2; i++)
    CHECK(ivs_response_add_header(&response, BYTES("A"), BYTES(" b ")) == IVS_OK);
  CHECK(ivs_response_add_header(&response, BYTES("a"), BYTES("")) == IVS_ETOOBIG);
  CHECK(ivs_response_add_header(&response, BYTES("a b"), BYTES("")) == IVS_EINVAL);
  size_t count = 0;
  for (size_t at = 0; ivs_response_next_header(&response, &at, &name, &value); count++)
    CHECK(ivs_text_equal(name, "a") && ivs_text_equal(value, "b"));
  CHECK(count == IVS_RESPONSE_HEADERS_MAX / 2);
  ivs_response_reset(&response);
  CHECK(ivs_response_add_header(&response, bytes(large, sizeof large), BYTES("")) == IVS_OK);
  CHECK(ivs_response_add_header(&response, BYTES("a"), BYTES("")) == IVS_ETOOBIG);
  ivs_response_reset(&response);
  CHECK(ivs_response_add_header(&response, BYTES("a"), bytes(large, sizeof large - 1)) == IVS_OK);
  ivs_response_reset(&response);
  CHECK(ivs_response_add_header(&response, BYTES("a"), bytes(large, sizeof large)) == IVS_ETOOBIG);
  CHECK(ivs_response_add_header(&response, BYTES("a"), BYTES("b")) == IVS_OK);
  ivs_response_free(&response);
}

static bool holds(const ivs_buffer *buffer, const char *text) {
  return buffer->data && memmem(buffer->data, buffer->capacity, text, strlen(text));
}

/* Checks the request, the stored secrets, the response and the failure; also after building the request has
 * failed. */
static void a_finished_call_contains_no_secret(void) {
  static const unsigned char random[16];
  static const char token[] = "IQoJb3JpZ2luX2VjEXAMPLEtokenAoGBAMw==";
  ivs_failure failure;
  ivs_client client;
  ivs_call call;
  ivs_failure_init(&failure);
  ivs_client_init(&client);
  const ivs_client_settings settings = {.region = ivs_text_slice("us-west-2")};
  CHECK(ivs_client_open(&client, &settings, 0, &failure) == IVS_OK);
  CHECK(!ivs_credentials_set(&client.credentials, BYTES("id"), BYTES("secret"), ivs_text_slice(token), 0));
  ivs_call_init(&call, &client, 100);
  const size_t cap = call.request.headers.cap;
  for (size_t smaller = 0; smaller < 900; smaller += 5) {
    call.request.headers.cap = smaller ? smaller : cap;
    ivs_call_begin(&call, &ivs_operation_get_recording_configuration, BYTES("{}"), BYTES("arn"), random);
    if (ivs_call_next(&call, 0, 0) == IVS_STEP_EXCHANGE) {
      CHECK(holds(&call.request.headers, token));
      call.response.status = 403;
      ivs_response_add_header(&call.response, BYTES("x"), ivs_text_slice(token));
      ivs_call_response(&call);
      CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_DECODE);
      ivs_call_error(&call, BYTES("c"), ivs_text_slice(token), false);
      CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_FAILED);
    }
    CHECK(call.state == IVS_STEP_FAILED);
    CHECK(!holds(&call.request.headers, token) && !holds(&call.secrets, token));
    CHECK(!holds(&call.response.headers, token) && !holds(&call.failure.message, token));
    ivs_call_reset(&call);
  }
  ivs_call_free(&call);
  ivs_client_close(&client);
  ivs_failure_free(&failure);
}

int main(void) {
  buffers_wipe_the_bytes_after_their_end();
  a_failure_may_be_set_from_itself();
  a_failure_is_truncated_at_a_character();
  out_of_memory_and_libcrypto_are_internal();
  urls_are_masked_and_printable();
  numbers_out_of_range_are_rejected();
  the_header_limit_counts_names_and_values();
  a_finished_call_contains_no_secret();
  return broken > 0;
}
