/*
 * Settings and requests as the options of a libcurl handle.
 */
#ifndef IVS_CURL_OPTIONS_H
#define IVS_CURL_OPTIONS_H

#include "settings.h"

#include <curl/curl.h>

/* Those that hold for every exchange. */
CURLcode ivs_options_set_fixed(CURL *handle, const ivs_settings *settings);
/* Those of a request: URL, method and body, and by which proxy (NULL: none). They point into the request. */
CURLcode ivs_options_set_request(CURL *handle, const ivs_request *request, const char *proxy);
/* Takes away what points into the request. */
void ivs_options_clear_request(CURL *handle);

#endif
