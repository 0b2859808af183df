/*
 * From libcurl's result to the contract's failure: kind and code by the CURLcode, by what was noted of the
 * exchange (its phase, TLS alerts, why a piece of the response was refused) and by errno; never by libcurl's
 * texts, which differ from one version to the next. They are shown, after botocore's sentence.
 */
#ifndef IVS_CURL_ERROR_MAP_H
#define IVS_CURL_ERROR_MAP_H

#include "core/failure.h"
#include "transfer.h"

/* An exchange that ended with another result than CURLE_OK. */
void ivs_error_map_describe(ivs_failure *failure, CURLcode result, const ivs_transfer *transfer);
/* A proxy that answered in place of an http endpoint: it wants another user or password. */
void ivs_error_map_refused_by_proxy(ivs_failure *failure, const char *url);
/* libcurl could not be started; result says why. */
void ivs_error_map_not_started(ivs_failure *failure, CURLcode result);

#endif
