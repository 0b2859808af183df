/*
 * The yardstick on the wire: a bare libcurl easy handle that sends prepared bytes and drops the response.
 *
 * All options are set once, before the loop. Nothing is signed, parsed, checked or timed out: those are the
 * costs of this package.
 */
#ifndef IVS_BENCH_BARE_H
#define IVS_BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct bare bare;

/* Copies the texts except `body`, which must outlive the handle. NULL if libcurl cannot be started. */
bare *bare_open(const char *url, const char *ca_bundle, const char *body, size_t body_length);
/* Adds a header line to every request. */
bool bare_add_header(bare *b, const char *line);
/* For comparison: libcurl signs each request itself (CURLOPT_AWS_SIGV4). */
void bare_sign(bare *b, const char *scope, const char *user_and_password);
/* Sends this number of requests, one after the other. Returns the number of 200 responses. */
size_t bare_run(bare *b, size_t count);
void bare_close(bare *b);

#endif
