/*
 * ECDSA on P-256 with SHA-256, for JSON Web Signatures (RFC 7518, section 3.4): the DPoP proof of the login
 * provider (RFC 9449).
 */
#ifndef IVS_LUA_ES256_H
#define IVS_LUA_ES256_H

#include "core/text.h"

#define IVS_LUA_ES256_SIZE 64

/* Both read a private key in PEM. They return NULL; or the problem, which contains nothing of the key. */
/* out: r and s, big-endian. */
const char *ivs_lua_es256_sign(ivs_slice pem, ivs_slice text, unsigned char out[IVS_LUA_ES256_SIZE]);
/* out: the public point's x and y, big-endian. */
const char *ivs_lua_es256_public(ivs_slice pem, unsigned char out[IVS_LUA_ES256_SIZE]);

#endif
