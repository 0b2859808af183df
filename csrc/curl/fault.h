/*
 * From libcurl's result to the contract's failure.
 */
#ifndef IVS_CURL_FAULT_H
#define IVS_CURL_FAULT_H

#include "core/failure.h"

/* Where an exchange stood when it ended; decides what a result means. */
typedef struct ivs_fault_context {
  const char *url;
  const char *detail; /* libcurl's error buffer */
  bool proxied;       /* through a proxy */
  bool connected;     /* a connection was made, TLS included */
  bool too_big;       /* a cap of ours ended it */
  bool bad_length;    /* its Content-Length did: no number, or two */
  bool no_memory;     /* we had none to keep a piece of it */
} ivs_fault_context;

/* result: a CURLcode other than CURLE_OK. */
void ivs_fault_describe(ivs_failure *failure, int result, const ivs_fault_context *context);
/* A proxy that answered in place of an http endpoint: it wants another user or password. */
void ivs_fault_refused_by_proxy(ivs_failure *failure, const char *url);

#endif
