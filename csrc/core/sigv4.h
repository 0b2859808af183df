/*
 * AWS Signature Version 4, in its three stages: canonical request, string to sign, authorization.
 *
 * Source: "Signing AWS API requests" (AWS General Reference) as botocore's SigV4Auth carries it out;
 * docs/protocol.md, "Signature". Invariants: no clock is read; the derived key is kept for its scope and
 * wiped when the scope or the keys change. Not for: query-string signing, chunked payloads, S3's unescaped
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

/* What is signed. Slices belong to the caller; text that is not known to be clean has been checked by it. */
typedef struct ivs_sigv4_request {
  const char *method;
  ivs_slice path;  /* as it is sent; empty counts as "/" */
  ivs_slice query; /* as it is sent, without the '?' */
  struct {
    const char *name; /* lower case */
    ivs_slice value;
  } headers[IVS_SIGV4_HEADERS_MAX]; /* the headers to sign, in the order of their names */
  size_t header_count;
  ivs_slice body;
  char amz_date[IVS_AMZ_DATE_SIZE];
  const char *region;
  const char *service;
} ivs_sigv4_request;

typedef struct ivs_signer {
  ivs_digest digest;
  ivs_buffer canonical_request; /* what the last signing wrote: for tests and for reuse of the memory */
  ivs_buffer string_to_sign;
  char scope[IVS_SIGV4_SCOPE_MAX];    /* of the derived key; empty: none */
  unsigned long generation;           /* of the credentials that the key was derived from */
  unsigned char key[IVS_DIGEST_SIZE]; /* derived for scope */
} ivs_signer;

/* IVS_OK, IVS_ENOMEM, IVS_ECRYPTO. A signer that failed to open may be closed. */
int ivs_signer_open(ivs_signer *signer);
void ivs_signer_close(ivs_signer *signer);

/* The stages. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, IVS_ECRYPTO. */
int ivs_sigv4_canonical_request(ivs_signer *signer, const ivs_sigv4_request *request);
int ivs_sigv4_string_to_sign(ivs_signer *signer, const ivs_sigv4_request *request);
int ivs_sigv4_authorization(ivs_signer *signer, const ivs_sigv4_request *request,
                            const ivs_credentials *credentials, ivs_buffer *out);

/* All three; appends the value of the Authorization header to out. */
int ivs_sigv4_sign(ivs_signer *signer, const ivs_sigv4_request *request, const ivs_credentials *credentials,
                   ivs_buffer *out);

#endif
