/*
 * The URL of a handle, parsed once while it stays the same.
 *
 * libcurl parses CURLOPT_URL for each transfer, and only copies a CURLOPT_CURLU.
 */
#ifndef IVS_CURL_URL_H
#define IVS_CURL_URL_H

#include "core/buffer.h"

#include <curl/curl.h>

typedef struct ivs_url {
  CURLU *parsed; /* NULL: the handle has the text, or nothing yet */
  ivs_buffer text;
} ivs_url;

void ivs_url_init(ivs_url *url);
void ivs_url_free(ivs_url *url);
/* Sets the URL of this handle, which is always the same one. */
CURLcode ivs_url_set(ivs_url *url, CURL *handle, const ivs_buffer *text);

#endif
