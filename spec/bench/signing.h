/*
 * Signing and building one request, on the core alone, and its yardstick: the SHA-256 that no signer can do
 * without.
 *
 * The yardstick hashes what one signing has to hash (the body, the canonical request, the two halves of one
 * HMAC; the derived key is there already) on one reused EVP context with a fetched algorithm, the fastest
 * that libcrypto offers.
 */
#ifndef IVS_BENCH_SIGNING_H
#define IVS_BENCH_SIGNING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct signing signing;

/* NULL when the core refuses. Static keys of AWS's documentation, an endpoint of their own. */
signing *signing_open(void);
void signing_close(signing *s);

/* Each does its work so many times; false when it failed. */
bool signing_run(signing *s, size_t count);        /* ours: begin, sign, build, wipe */
bool signing_run_random(signing *s, size_t count); /* the same, with random bytes for the invocation id */
bool hashing_run(signing *s, size_t count);        /* the yardstick: four messages */
bool hashing_run_joined(signing *s, size_t count); /* their bytes as one message, for comparison */
bool hashing_run_kilobyte(signing *s, size_t count);
/* How many bytes the yardstick hashes. */
size_t hashing_bytes(const signing *s);

#endif
