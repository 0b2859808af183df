/*
 * A request's header lines as libcurl's list, so that what was asked for is what is sent.
 *
 * libcurl reads "Name:" as the order to send no such header and "Name;" as a header without a value, and adds
 * headers of its own unless the list names them. The list here forbids each of those but Content-Length,
 * which libcurl takes from the body. The memory is kept for the next request.
 */
#ifndef IVS_CURL_HEADERS_H
#define IVS_CURL_HEADERS_H

#include "core/message.h"

#include <curl/curl.h>

typedef struct ivs_headers {
  struct curl_slist *nodes;
  size_t capacity;
  ivs_buffer valueless; /* "Name;" texts, each ended by a NUL */
} ivs_headers;

/* Allocates nothing. */
void ivs_headers_init(ivs_headers *headers);
void ivs_headers_free(ivs_headers *headers);
/* The request's list; points into the request and is valid until the next call. NULL: no memory. */
struct curl_slist *ivs_headers_list(ivs_headers *headers, const ivs_request *request);

#endif
