/*
 * A request's header lines as libcurl's list. libcurl sends exactly these headers.
 *
 * For libcurl "Name:" means not to send this header, and "Name;" means a header without a value. It adds
 * default headers unless the list names them. This list suppresses all of them except Content-Length, which
 * libcurl computes from the body. The memory is kept for the next request.
 */
#ifndef IVS_CURL_HEADERS_H
#define IVS_CURL_HEADERS_H

#include "core/message.h"

#include <curl/curl.h>

typedef struct ivs_headers {
  struct curl_slist *nodes;
  size_t capacity;
  ivs_buffer valueless; /* "Name;" texts, each NUL-terminated */
} ivs_headers;

/* Allocates nothing. */
void ivs_headers_init(ivs_headers *headers);
void ivs_headers_free(ivs_headers *headers);
/* Returns the request's list. It points into the request and is valid until the next call. NULL: out of
 * memory. */
struct curl_slist *ivs_headers_list(ivs_headers *headers, const ivs_request *request);

#endif
