/* SHA-256 and HMAC (RFC 2104) with one reused libcrypto context. */
#include "digest.h"
#include "status.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

enum { BLOCK = 64 };

int ivs_digest_open(ivs_digest *digest) {
  ERR_set_mark(); /* leaves the host's error queue unchanged */
  digest->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
  digest->context = EVP_MD_CTX_new();
  ERR_pop_to_mark();
  if (!digest->context) return IVS_ENOMEM;
  return digest->algorithm ? IVS_OK : IVS_ECRYPTO;
}

void ivs_digest_close(ivs_digest *digest) {
  EVP_MD_CTX_free(digest->context);
  EVP_MD_free(digest->algorithm);
  memset(digest, 0, sizeof *digest);
}

static int digest_two_parts(ivs_digest *digest, const void *first, size_t first_length, const void *second,
                            size_t second_length, unsigned char out[IVS_DIGEST_SIZE]) {
  EVP_MD_CTX *context = digest->context;
  /* For an algorithm that has been fetched, this fails only if memory runs out. */
  if (!EVP_DigestInit_ex(context, digest->algorithm, NULL)) return IVS_ENOMEM;
  if (first_length && !EVP_DigestUpdate(context, first, first_length)) return IVS_ECRYPTO;
  if (second_length && !EVP_DigestUpdate(context, second, second_length)) return IVS_ECRYPTO;
  return EVP_DigestFinal_ex(context, out, NULL) ? IVS_OK : IVS_ECRYPTO;
}

int ivs_digest_sha256(ivs_digest *digest, const void *data, size_t length,
                      unsigned char out[IVS_DIGEST_SIZE]) {
  return digest_two_parts(digest, data, length, NULL, 0, out);
}

int ivs_digest_hmac(ivs_digest *digest, ivs_slice key, ivs_slice data, unsigned char out[IVS_DIGEST_SIZE]) {
  unsigned char inner[BLOCK], outer[BLOCK], shortened[IVS_DIGEST_SIZE];
  int status = IVS_OK;
  if (key.length > BLOCK) {
    status = ivs_digest_sha256(digest, key.data, key.length, shortened);
    key = (ivs_slice){(const char *)shortened, sizeof shortened};
  }
  if (!status) {
    memset(inner, 0x36, BLOCK);
    memset(outer, 0x5c, BLOCK);
    for (size_t i = 0; i < key.length; i++) {
      inner[i] ^= (unsigned char)key.data[i];
      outer[i] ^= (unsigned char)key.data[i];
    }
    status = digest_two_parts(digest, inner, BLOCK, data.data, data.length, out);
    if (!status) status = digest_two_parts(digest, outer, BLOCK, out, IVS_DIGEST_SIZE, out);
  }
  OPENSSL_cleanse(inner, sizeof inner);
  OPENSSL_cleanse(outer, sizeof outer);
  OPENSSL_cleanse(shortened, sizeof shortened);
  return status;
}
