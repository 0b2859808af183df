/* ES256 over libcrypto. libcrypto's error queue does not change. */
#include "lua/es256.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { HALF = IVS_LUA_ES256_SIZE / 2 };

/* Without this callback libcrypto would prompt for a password on the terminal. */
static int no_password(char *buffer, int size, int writing, void *user) {
  (void)buffer, (void)size, (void)writing, (void)user;
  return -1;
}

/* Returns the key; NULL if it is not a P-256 private key. */
static EVP_PKEY *read_key(ivs_slice pem) {
  char group[32];
  size_t length;
  BIO *text = BIO_new_mem_buf(pem.data, (int)pem.length);
  EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, no_password, NULL) : NULL;
  BIO_free(text);
  if (key && EVP_PKEY_get_group_name(key, group, sizeof group, &length) && strcmp(group, "prime256v1") == 0)
    return key;
  EVP_PKEY_free(key);
  return NULL;
}

static const char not_a_key[] = "the key is not an unencrypted P-256 private key in PEM";
static const char refused[] = "libcrypto rejected the key";

/* Converts the DER SEQUENCE of two integers to 32 bytes each. */
static bool split_signature(const unsigned char *der, size_t length, unsigned char out[IVS_LUA_ES256_SIZE]) {
  ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
  bool ok = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, HALF) == HALF &&
            BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + HALF, HALF) == HALF;
  ECDSA_SIG_free(pair);
  return ok;
}

const char *ivs_lua_es256_sign(ivs_slice pem, ivs_slice text, unsigned char out[IVS_LUA_ES256_SIZE]) {
  unsigned char der[128];
  size_t length = sizeof der;
  ERR_set_mark();
  EVP_PKEY *key = read_key(pem);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  const char *problem = key ? NULL : not_a_key;
  if (!problem &&
      (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
       EVP_DigestSign(context, der, &length, (const unsigned char *)text.data, text.length) != 1 ||
       !split_signature(der, length, out)))
    problem = refused;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  ERR_pop_to_mark();
  return problem;
}

const char *ivs_lua_es256_public(ivs_slice pem, unsigned char out[IVS_LUA_ES256_SIZE]) {
  BIGNUM *x = NULL, *y = NULL;
  ERR_set_mark();
  EVP_PKEY *key = read_key(pem);
  const char *problem = key ? NULL : not_a_key;
  if (!problem && (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) != 1 ||
                   EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) != 1 ||
                   BN_bn2binpad(x, out, HALF) != HALF || BN_bn2binpad(y, out + HALF, HALF) != HALF))
    problem = refused;
  BN_free(x);
  BN_free(y);
  EVP_PKEY_free(key);
  ERR_pop_to_mark();
  return problem;
}
