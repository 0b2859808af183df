/* SigV4: the stages write to the signer's two buffers. */
#include "sigv4.h"
#include "status.h"
#include "uri.h"

#include <openssl/crypto.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { CANONICAL_CAP = 256 * 1024, STRING_TO_SIGN_CAP = 512 };

int ivs_signer_open(ivs_signer *signer) {
  memset(signer, 0, sizeof *signer);
  ivs_buffer_init(&signer->canonical_request, CANONICAL_CAP);
  ivs_buffer_init(&signer->string_to_sign, STRING_TO_SIGN_CAP);
  return ivs_digest_open(&signer->digest);
}

void ivs_signer_close(ivs_signer *signer) {
  ivs_buffer_free(&signer->canonical_request);
  ivs_buffer_free(&signer->string_to_sign);
  ivs_digest_close(&signer->digest);
  OPENSSL_cleanse(signer->key, sizeof signer->key);
  signer->scope[0] = '\0';
}

/* "date/region/service/aws4_request" */
static int write_scope(const ivs_sigv4_request *request, char out[IVS_SIGV4_SCOPE_MAX]) {
  static const char end[] = "/aws4_request";
  size_t region = strlen(request->region), service = strlen(request->service);
  if (8 + 1 + region + 1 + service + sizeof end > IVS_SIGV4_SCOPE_MAX) return IVS_ETOOBIG;
  char *at = out;
  memcpy(at, request->amz_date, 8);
  at += 8;
  *at++ = '/';
  memcpy(at, request->region, region);
  at += region;
  *at++ = '/';
  memcpy(at, request->service, service);
  memcpy(at + service, end, sizeof end);
  return IVS_OK;
}

/* "content-type;host;x-amz-date" */
static void add_signed_headers(ivs_buffer *out, const ivs_sigv4_request *request) {
  for (size_t i = 0; i < request->header_count; i++) {
    if (i) ivs_buffer_add_byte(out, ';');
    ivs_buffer_add_text(out, request->headers[i].name);
  }
}

/* Appends the trimmed value; each inner run of white space becomes one space. */
static void add_header_value(ivs_buffer *out, ivs_slice value) {
  value = ivs_text_trim(value);
  size_t start = 0;
  for (size_t i = 0; i < value.length; i++) {
    if (value.data[i] != ' ' && value.data[i] != '\t') continue;
    ivs_buffer_add(out, value.data + start, i - start);
    ivs_buffer_add_byte(out, ' ');
    while (value.data[i + 1] == ' ' || value.data[i + 1] == '\t')
      i++; /* the trimmed value does not end with white space */
    start = i + 1;
  }
  ivs_buffer_add(out, value.data + start, value.length - start);
}

int ivs_sigv4_canonical_request(ivs_signer *signer, const ivs_sigv4_request *request) {
  ivs_buffer *out = &signer->canonical_request;
  unsigned char hash[IVS_DIGEST_SIZE];
  int status = ivs_digest_sha256(&signer->digest, request->body.data, request->body.length, hash);
  if (status) return status;
  ivs_buffer_reset(out);
  ivs_buffer_add_text(out, request->method);
  ivs_buffer_add_byte(out, '\n');
  ivs_uri_add_canonical_path(out, request->path);
  ivs_buffer_add_byte(out, '\n');
  if (request->query.length && (status = ivs_uri_add_canonical_query(out, request->query))) return status;
  ivs_buffer_add_byte(out, '\n');
  for (size_t i = 0; i < request->header_count; i++) {
    ivs_buffer_add_text(out, request->headers[i].name);
    ivs_buffer_add_byte(out, ':');
    add_header_value(out, request->headers[i].value);
    ivs_buffer_add_byte(out, '\n');
  }
  ivs_buffer_add_byte(out, '\n');
  add_signed_headers(out, request);
  ivs_buffer_add_byte(out, '\n');
  return ivs_buffer_add_hex(out, hash, sizeof hash);
}

int ivs_sigv4_string_to_sign(ivs_signer *signer, const ivs_sigv4_request *request) {
  ivs_buffer *out = &signer->string_to_sign;
  unsigned char hash[IVS_DIGEST_SIZE];
  char scope[IVS_SIGV4_SCOPE_MAX];
  int status = write_scope(request, scope);
  if (!status)
    status = ivs_digest_sha256(&signer->digest, signer->canonical_request.data,
                               signer->canonical_request.length, hash);
  if (status) return status;
  ivs_buffer_reset(out);
  ivs_buffer_add_text(out, ALGORITHM "\n");
  ivs_buffer_add_text(out, request->amz_date);
  ivs_buffer_add_byte(out, '\n');
  ivs_buffer_add_text(out, scope);
  ivs_buffer_add_byte(out, '\n');
  return ivs_buffer_add_hex(out, hash, sizeof hash);
}

/* Computes kDate, kRegion, kService and kSigning, unless the scope and the credentials are the same as
 * before. */
static int derive_key(ivs_signer *signer, const ivs_sigv4_request *request,
                      const ivs_credentials *credentials, const char *scope) {
  if (signer->generation == credentials->generation && strcmp(signer->scope, scope) == 0) return IVS_OK;
  signer->scope[0] = '\0';
  ivs_buffer first;
  ivs_buffer_init(&first, credentials->secret_access_key.length + 4);
  ivs_buffer_add_text(&first, "AWS4");
  int status =
      ivs_buffer_add(&first, credentials->secret_access_key.data, credentials->secret_access_key.length);
  const ivs_slice derived = {(const char *)signer->key, sizeof signer->key};
  const ivs_slice parts[] = {
      {request->amz_date, 8},
      ivs_text_slice(request->region),
      ivs_text_slice(request->service),
      ivs_text_slice("aws4_request"),
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts && !status; i++) {
    ivs_slice key = i ? derived : (ivs_slice){first.data, first.length};
    status = ivs_digest_hmac(&signer->digest, key, parts[i], signer->key);
  }
  ivs_buffer_free(&first);
  if (status) return status;
  memcpy(signer->scope, scope, strlen(scope) + 1);
  signer->generation = credentials->generation;
  return IVS_OK;
}

int ivs_sigv4_authorization(ivs_signer *signer, const ivs_sigv4_request *request,
                            const ivs_credentials *credentials, ivs_buffer *out) {
  unsigned char signature[IVS_DIGEST_SIZE];
  char scope[IVS_SIGV4_SCOPE_MAX];
  int status = write_scope(request, scope);
  if (!status) status = derive_key(signer, request, credentials, scope);
  if (!status)
    status =
        ivs_digest_hmac(&signer->digest, (ivs_slice){(const char *)signer->key, sizeof signer->key},
                        (ivs_slice){signer->string_to_sign.data, signer->string_to_sign.length}, signature);
  if (status) return status;
  ivs_buffer_add_text(out, ALGORITHM " Credential=");
  ivs_buffer_add(out, credentials->access_key_id.data, credentials->access_key_id.length);
  ivs_buffer_add_byte(out, '/');
  ivs_buffer_add_text(out, scope);
  ivs_buffer_add_text(out, ", SignedHeaders=");
  add_signed_headers(out, request);
  ivs_buffer_add_text(out, ", Signature=");
  return ivs_buffer_add_hex(out, signature, sizeof signature);
}

int ivs_sigv4_sign(ivs_signer *signer, const ivs_sigv4_request *request, const ivs_credentials *credentials,
                   ivs_buffer *out) {
  int status = ivs_sigv4_canonical_request(signer, request);
  if (!status) status = ivs_sigv4_string_to_sign(signer, request);
  if (!status) status = ivs_sigv4_authorization(signer, request, credentials, out);
  return status;
}
