/*
 * The yardstick of a batch: a bare loop over libcurl's multi handle that sends prepared bytes and drops the
 * responses.
 */
#ifndef IVS_BENCH_BARE_MULTI_H
#define IVS_BENCH_BARE_MULTI_H

#include <stddef.h>

struct curl_slist;

typedef struct bare_multi_request {
  const char *url, *ca_bundle, *body;
  size_t body_length;
  struct curl_slist *headers;
} bare_multi_request;

/* Sends the request `count` times, at most `places` at a time, over new connections. Returns the number of
 * 200 responses. */
size_t bare_multi_run(const bare_multi_request *request, size_t count, size_t places);

#endif
