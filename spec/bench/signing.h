/*
 * Builds and signs one request with the core, and its yardstick: the SHA-256 computations that every signer
 * needs.
 *
 * The yardstick hashes the texts of one signature (the body, the canonical request, the two parts of one
 * HMAC; the derived key is cached) with one reused EVP context and a fetched algorithm, the fastest way in
 * libcrypto.
 */
#ifndef IVS_BENCH_SIGNING_H
#define IVS_BENCH_SIGNING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct signing signing;

/* NULL if the core fails. Uses the example credentials of AWS's documentation and a custom endpoint. */
signing *signing_open(void);
void signing_close(signing *s);

/* Each runs `count` times; false after a failure. */
bool signing_run(signing *s, size_t count);        /* ours: begin, sign, build, wipe */
bool signing_run_random(signing *s, size_t count); /* the same, with random bytes for the invocation id */
bool hashing_run(signing *s, size_t count);        /* the yardstick: four messages */
bool hashing_run_joined(signing *s, size_t count); /* their bytes as one message, for comparison */
bool hashing_run_kilobyte(signing *s, size_t count);
/* The number of bytes that the yardstick hashes. */
size_t hashing_bytes(const signing *s);

#endif
