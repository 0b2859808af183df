/*
 * AWS Signature Version 4, in its three stages: canonical request, string to sign, authorization.
 *
 * Source: "Signing AWS API requests" (AWS General Reference) as implemented by botocore's SigV4Auth;
 * docs/protocol.md, "Signature". Invariants: no clock is read; the derived key is cached and is overwritten
 * when the scope or the credentials change. Not for: query-string signing, chunked payloads, S3's unescaped
 * paths.
 */
#ifndef IVS_CORE_SIGV4_H
#define IVS_CORE_SIGV4_H

#include "buffer.h"
#include "credentials.h"
#include "digest.h"
#include "timestamp.h"

#define IVS_SIGV4_HEADERS_MAX 4
#define IVS_SIGV4_SCOPE_MAX 192

/* The request to sign. The slices belong to the caller, who has checked them for control characters. */
typedef struct ivs_sigv4_request {
  const char *method;
  ivs_slice path;  /* as sent; empty is equivalent to "/" */
  ivs_slice query; /* as sent, without the '?' */
  struct {
    const char *name; /* lower case */
    ivs_slice value;
  } headers[IVS_SIGV4_HEADERS_MAX]; /* the headers to sign, sorted by name */
  size_t header_count;
  ivs_slice body;
  char amz_date[IVS_AMZ_DATE_SIZE];
  const char *region;
  const char *service;
} ivs_sigv4_request;

typedef struct ivs_signer {
  ivs_digest digest;
  ivs_buffer canonical_request; /* of the last signature: for tests, and to reuse the memory */
  ivs_buffer string_to_sign;
  char scope[IVS_SIGV4_SCOPE_MAX];    /* of the derived key; empty: no key */
  unsigned long generation;           /* of the credentials that the key is derived from */
  unsigned char key[IVS_DIGEST_SIZE]; /* the derived key */
} ivs_signer;

/* IVS_OK, IVS_ENOMEM, IVS_ECRYPTO. Close the signer even after a failure. */
int ivs_signer_open(ivs_signer *signer);
void ivs_signer_close(ivs_signer *signer);

/* The stages. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, IVS_ECRYPTO. */
int ivs_sigv4_canonical_request(ivs_signer *signer, const ivs_sigv4_request *request);
int ivs_sigv4_string_to_sign(ivs_signer *signer, const ivs_sigv4_request *request);
int ivs_sigv4_authorization(ivs_signer *signer, const ivs_sigv4_request *request,
                            const ivs_credentials *credentials, ivs_buffer *out);

/* Runs all stages; appends the value of the Authorization header to out. */
int ivs_sigv4_sign(ivs_signer *signer, const ivs_sigv4_request *request, const ivs_credentials *credentials,
                   ivs_buffer *out);

#endif
