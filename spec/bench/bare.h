/*
 * The yardstick on the wire: a bare libcurl easy handle that sends prepared bytes and drops the answer.
 *
 * Everything is set once, before the loop; nothing is signed, parsed, guarded or timed out. What it leaves
 * out is what a caller of ours pays for.
 */
#ifndef IVS_BENCH_BARE_H
#define IVS_BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct bare bare;

/* Texts are copied, but for `body`, which has to outlive the handle. NULL when libcurl can't be started. */
bare *bare_open(const char *url, const char *ca_bundle, const char *body, size_t body_length);
/* A header line that every request carries. */
bool bare_add_header(bare *b, const char *line);
/* For comparison: libcurl signs each request itself (CURLOPT_AWS_SIGV4). */
void bare_sign(bare *b, const char *scope, const char *user_and_password);
/* So many requests, one after the other. Returns how many were answered with 200. */
size_t bare_run(bare *b, size_t count);
void bare_close(bare *b);

#endif
