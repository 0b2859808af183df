/*
 * Canonicalizes and signs arbitrary paths, queries, headers, bodies and credentials.
 *
 * Input, one per line: access key ID, secret access key, token, region, time, path, query, content type,
 * host; the rest is the body. Checks: the grammar of each stage, libcrypto's HMAC, and the result of a new
 * signer.
 */
#include "core/sigv4.h"
#include "core/status.h"
#include "core/uri.h"
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static ivs_slice content(const ivs_buffer *buffer) {
  return (ivs_slice){ivs_buffer_text(buffer), buffer->length};
}

/* Begins with '/'; no empty, "." or ".." segment; only characters that need no encoding. */
static void check_path(ivs_slice path) {
  REQUIRE(path.length && path.data[0] == '/');
  for (size_t i = 0; i < path.length; i++) {
    char c = path.data[i];
    REQUIRE(ivs_text_is_alnum(c) || (c && strchr("_.-~%/", c)));
    if (c != '/') continue;
    ivs_slice rest = {path.data + i + 1, path.length - i - 1};
    const char *end = memchr(rest.data, '/', rest.length);
    if (end) rest.length = (size_t)(end - rest.data);
    REQUIRE(rest.length || !end);
    REQUIRE(!ivs_text_equal(rest, ".") && !ivs_text_equal(rest, ".."));
  }
}

/* The same number of pairs as the query, sorted. */
static void check_query(ivs_slice out, ivs_slice query) {
  size_t pairs = 1, found = 1;
  for (size_t i = 0; i < query.length; i++) pairs += query.data[i] == '&';
  for (size_t i = 0; i < out.length; i++) found += out.data[i] == '&';
  REQUIRE(pairs == found);
  ivs_slice before = {"", 0};
  for (size_t start = 0; start <= out.length;) {
    const char *end = memchr(out.data + start, '&', out.length - start);
    ivs_slice pair = {out.data + start, end ? (size_t)(end - out.data) - start : out.length - start};
    const char *equals = memchr(pair.data, '=', pair.length);
    REQUIRE(equals);
    ivs_slice name = {pair.data, (size_t)(equals - pair.data)};
    size_t shorter = name.length < before.length ? name.length : before.length;
    int order = memcmp(before.data, name.data, shorter);
    REQUIRE(order < 0 || (order == 0 && before.length <= name.length));
    before = name;
    start += pair.length + 1;
  }
}

static void hmac(const void *key, size_t key_length, ivs_slice text, unsigned char out[IVS_DIGEST_SIZE]) {
  unsigned length = IVS_DIGEST_SIZE;
  unsigned char result[IVS_DIGEST_SIZE];
  REQUIRE(HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text.data, text.length, result,
               &length));
  memcpy(out, result, sizeof result);
}

/* Compares the signature with one that is computed with libcrypto only. */
static void check_signature(const ivs_signer *signer, const ivs_sigv4_request *request,
                            const ivs_credentials *credentials, ivs_slice authorization) {
  unsigned char key[IVS_DIGEST_SIZE];
  char hex[2 * IVS_DIGEST_SIZE + 1];
  ivs_buffer secret;
  ivs_buffer_init(&secret, 4096);
  ivs_buffer_add_text(&secret, "AWS4");
  ivs_buffer_add(&secret, credentials->secret_access_key.data, credentials->secret_access_key.length);
  hmac(secret.data, secret.length, (ivs_slice){request->amz_date, 8}, key);
  ivs_buffer_free(&secret);
  hmac(key, sizeof key, ivs_text_slice(request->region), key);
  hmac(key, sizeof key, ivs_text_slice(request->service), key);
  hmac(key, sizeof key, ivs_text_slice("aws4_request"), key);
  hmac(key, sizeof key, content(&signer->string_to_sign), key);
  for (int i = 0; i < IVS_DIGEST_SIZE; i++) snprintf(hex + 2 * i, 3, "%02x", key[i]);
  REQUIRE(authorization.length > 64);
  REQUIRE(memcmp(authorization.data + authorization.length - 64, hex, 64) == 0);
}

static size_t count_lines(ivs_slice text) {
  size_t lines = 1;
  for (size_t i = 0; i < text.length; i++) lines += text.data[i] == '\n';
  return lines;
}

static void sign(const ivs_sigv4_request *request, const ivs_credentials *credentials) {
  static ivs_signer lasting; /* its derived key and buffers are those of earlier inputs */
  static bool open;
  ivs_signer fresh;
  ivs_buffer first, second;
  if (!open) REQUIRE(ivs_signer_open(&lasting) == IVS_OK);
  open = true;
  REQUIRE(ivs_signer_open(&fresh) == IVS_OK);
  ivs_buffer_init(&first, 8192);
  ivs_buffer_init(&second, 8192);
  int status = ivs_sigv4_sign(&fresh, request, credentials, &first);
  lasting.generation = 0; /* the credentials of every input have generation 1 */
  REQUIRE(ivs_sigv4_sign(&lasting, request, credentials, &second) == status);
  REQUIRE(status == IVS_OK || status == IVS_ETOOBIG);
  if (status == IVS_OK) {
    ivs_slice authorization = content(&first);
    REQUIRE(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    REQUIRE(!ivs_text_has_control(authorization));
    /* method, path, query, headers, empty, signed headers, hash */
    REQUIRE(count_lines(content(&fresh.canonical_request)) == 6 + request->header_count);
    check_signature(&fresh, request, credentials, authorization);
    /* with the cached key */
    ivs_buffer_reset(&second);
    REQUIRE(ivs_sigv4_sign(&fresh, request, credentials, &second) == IVS_OK);
    REQUIRE(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
  }
  ivs_buffer_free(&first);
  ivs_buffer_free(&second);
  ivs_signer_close(&fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in = {data, size};
  ivs_slice id = fuzz_line(&in), secret = fuzz_line(&in), token = fuzz_line(&in);
  char *region = fuzz_string(fuzz_line(&in)), *time = fuzz_string(fuzz_line(&in));
  ivs_slice path = fuzz_copy(fuzz_line(&in)), query = fuzz_copy(fuzz_line(&in));
  ivs_slice type = fuzz_copy(fuzz_line(&in)), host = fuzz_copy(fuzz_line(&in));
  ivs_slice body = fuzz_copy((ivs_slice){(const char *)in.data, in.left});

  ivs_buffer out;
  ivs_buffer_init(&out, 1024 * 1024);
  if (ivs_uri_add_canonical_path(&out, path) == IVS_OK) check_path(content(&out));
  ivs_buffer_reset(&out);
  if (query.length && ivs_uri_add_canonical_query(&out, query) == IVS_OK) check_query(content(&out), query);
  ivs_buffer_free(&out);

  ivs_credentials credentials;
  ivs_credentials_init(&credentials);
  bool clean = !ivs_text_has_control(query) && !ivs_text_has_control(type) && !ivs_text_has_control(host) &&
               !ivs_text_has_control(ivs_text_slice(region));
  if (ivs_credentials_set(&credentials, id, secret, token, 0) == IVS_OK && clean) {
    ivs_sigv4_request request = {.method = "POST",
                                 .path = path,
                                 .query = query,
                                 .body = body,
                                 .region = region,
                                 .service = "ivs",
                                 .headers = {{"content-type", type}, {"host", host}, {"x-amz-date", {0}}},
                                 .header_count = 3};
    ivs_timestamp_amz_date(strtod(time, NULL), request.amz_date);
    request.headers[2].value = ivs_text_slice(request.amz_date);
    if (token.length) {
      request.headers[3].name = "x-amz-security-token";
      request.headers[request.header_count++].value =
          (ivs_slice){credentials.session_token.data, credentials.session_token.length};
    }
    sign(&request, &credentials);
  }
  ivs_credentials_free(&credentials);
  free((char *)path.data), free((char *)query.data), free((char *)type.data);
  free((char *)host.data), free((char *)body.data), free(region), free(time);
  return 0;
}
