/*
 * Maps libcurl's results to failures. Kind and code depend on the CURLcode, on the recorded state of the
 * exchange (its phase, TLS alerts, why the response was rejected) and on errno. They never depend on
 * libcurl's texts, which differ between versions; messages show those after botocore's sentence.
 */
#ifndef IVS_CURL_ERROR_MAP_H
#define IVS_CURL_ERROR_MAP_H

#include "core/failure.h"
#include "transfer.h"

/* Describes an exchange whose result is not CURLE_OK. */
void ivs_error_map_describe(ivs_failure *failure, CURLcode result, const ivs_transfer *transfer);
/* Describes a 407 response of a proxy: user or password are missing or invalid. */
void ivs_error_map_refused_by_proxy(ivs_failure *failure, const char *url);
/* Describes why libcurl could not be started. */
void ivs_error_map_not_started(ivs_failure *failure, CURLcode result);

#endif
