/*
 * Sets the options of a libcurl handle from settings and requests.
 */
#ifndef IVS_CURL_OPTIONS_H
#define IVS_CURL_OPTIONS_H

#include "settings.h"

#include <curl/curl.h>

/* The options that are the same for every exchange, except the certificate authorities (trust.h). */
CURLcode ivs_options_set_fixed(CURL *handle, const ivs_settings *settings);
/* The options of a request except the URL (url.h): method, body and proxy (NULL: none). They point into the request. */
CURLcode ivs_options_set_request(CURL *handle, const ivs_request *request, const char *proxy);
/* Removes the options that point into the request. */
void ivs_options_clear_request(CURL *handle);

#endif
