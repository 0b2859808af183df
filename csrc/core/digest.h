/*
 * SHA-256 and HMAC-SHA-256 over libcrypto.
 *
 * The algorithm is fetched once and the context is reused: in OpenSSL 3 a one-shot call fetches the algorithm
 * each time, which takes longer than hashing a request.
 */
#ifndef IVS_CORE_DIGEST_H
#define IVS_CORE_DIGEST_H

#include "text.h"

#define IVS_DIGEST_SIZE 32

typedef struct ivs_digest {
  void *algorithm; /* EVP_MD, owned */
  void *context;   /* EVP_MD_CTX, owned */
} ivs_digest;

/* IVS_OK, IVS_ENOMEM or IVS_ECRYPTO. Close the digest even after a failure. */
int ivs_digest_open(ivs_digest *digest);
void ivs_digest_close(ivs_digest *digest);

/* Both: IVS_OK, IVS_ENOMEM or IVS_ECRYPTO. The key of an HMAC may be the memory of `out`. */
int ivs_digest_sha256(ivs_digest *digest, const void *data, size_t length,
                      unsigned char out[IVS_DIGEST_SIZE]);
int ivs_digest_hmac(ivs_digest *digest, ivs_slice key, ivs_slice data, unsigned char out[IVS_DIGEST_SIZE]);

#endif
