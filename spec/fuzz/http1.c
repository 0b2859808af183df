/*
 * The reader of HTTP/1.1 responses.
 *
 * Input: a byte of flags, a byte for the size of the parts, then the response. Checks: reading the response
 * as a whole and in parts has the same result; the limits; done and failed are final states.
 */
#include "core/http1.h"
#include "core/status.h"
#include "fuzz.h"

enum { BODY_MAX = 256 };

static bool same(const ivs_buffer *a, const ivs_buffer *b) {
  return a->length == b->length && (!a->length || memcmp(a->data, b->data, a->length) == 0);
}

static void check(ivs_http1 *reader, int status) {
  REQUIRE(status == IVS_OK || status == IVS_EINVAL || status == IVS_ETOOBIG);
  REQUIRE((status == IVS_OK) == (reader->problem == NULL));
  REQUIRE(reader->response.body.length <= BODY_MAX);
  REQUIRE(reader->response.header_bytes <= IVS_RESPONSE_HEADERS_MAX);
  REQUIRE(!reader->keep_alive || ivs_http1_is_done(reader));
  if (status) {
    REQUIRE(!reader->keep_alive);
    REQUIRE(ivs_http1_feed(reader, "x", 1) == status && ivs_http1_end(reader) == status);
  } else if (ivs_http1_is_done(reader)) {
    REQUIRE(reader->response.status >= 200 && reader->response.status <= 999);
  }
}

/* Feeds the bytes in parts of `piece` bytes (0: all at once), each in a block of exactly its size. */
static int feed(ivs_http1 *reader, const uint8_t *data, size_t size, size_t piece) {
  int status = IVS_OK;
  for (size_t at = 0; at < size && !status;) {
    size_t length = piece && piece < size - at ? piece : size - at;
    ivs_slice part = fuzz_copy((ivs_slice){(const char *)data + at, length});
    status = ivs_http1_feed(reader, part.data, part.length);
    free((char *)part.data);
    at += length;
  }
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static ivs_http1 whole, pieces; /* reused, like a connection's reader */
  static bool ready;
  fuzz_input in = {data, size};
  unsigned flags = fuzz_byte(&in);
  size_t piece = 1 + fuzz_byte(&in) % 16;
  if (!ready) {
    ivs_http1_init(&whole, BODY_MAX);
    ivs_http1_init(&pieces, BODY_MAX);
  }
  ready = true;
  ivs_http1_reset(&whole, flags & 1);
  ivs_http1_reset(&pieces, flags & 1);
  int first = feed(&whole, in.data, in.left, 0), second = feed(&pieces, in.data, in.left, piece);
  REQUIRE(first == second);
  REQUIRE(ivs_http1_is_done(&whole) == ivs_http1_is_done(&pieces));
  REQUIRE(whole.keep_alive == pieces.keep_alive);
  if (!first && flags & 2) {
    first = ivs_http1_end(&whole);
    REQUIRE(first == ivs_http1_end(&pieces));
    REQUIRE(first || ivs_http1_is_done(&whole));
  }
  if (!first && ivs_http1_is_done(&whole)) {
    ivs_slice name, value;
    REQUIRE(whole.response.status == pieces.response.status);
    REQUIRE(same(&whole.response.headers, &pieces.response.headers));
    REQUIRE(same(&whole.response.body, &pieces.response.body));
    for (size_t at = 0; ivs_response_next_header(&whole.response, &at, &name, &value);)
      REQUIRE(name.length && !strpbrk(value.data, "\r\n"));
  } else if (first) {
    REQUIRE(strcmp(whole.problem, pieces.problem) == 0);
  }
  check(&whole, first);
  check(&pieces, first);
  return 0;
}
