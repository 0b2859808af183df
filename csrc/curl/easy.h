/*
 * The blocking driver's exchange: one HTTP request and its response over libcurl.
 *
 * Connections, DNS answers and TLS sessions are kept for the next exchange. TLS is verified unless told
 * otherwise, redirects are not followed, nothing but http and https is spoken, and neither the environment
 * nor ~/.netrc is read. Holds no rule of the call: what to send, when, and what an answer means stand in
 * csrc/core.
 */
#ifndef IVS_CURL_EASY_H
#define IVS_CURL_EASY_H

#include "core/failure.h"
#include "core/message.h"

/* Texts are copied. NULL or empty: not set. Times are seconds. */
typedef struct ivs_easy_settings {
  double connect_timeout; /* name, TCP and TLS together */
  double read_timeout;    /* from the request sent to the response's last byte */
  const char
      *proxy; /* http:// or https://, user and password within; NULL: none, whatever the environment says */
  const char *no_proxy;
  const char *ca_bundle;                /* file or directory; NULL: the system's */
  const char *client_cert, *client_key; /* PEM files; the key may stand in the certificate's file */
  bool verify;
  bool tcp_keepalive;
} ivs_easy_settings;

typedef struct ivs_easy ivs_easy;

/* IVS_OK, or IVS_EREFUSED with the failure set: no memory, or a libcurl that is too old. Opens no connection. */
int ivs_easy_open(ivs_easy **out, const ivs_easy_settings *settings, ivs_failure *failure);
/* NULL is allowed. In a child of the process that opened it nothing is sent. */
void ivs_easy_close(ivs_easy *easy);

/* How one exchange departs from the settings; 0 and false: it doesn't. */
typedef struct ivs_easy_exception {
  double connect_timeout, read_timeout;
  bool direct; /* no proxy: the link-local credential endpoints */
} ivs_easy_exception;

/*
 * Sends the request and fills the response (which the caller has reset). IVS_OK, or IVS_EREFUSED with the
 * failure set: kind connection, timeout, tls or response, code of botocore's name. `exception` may be NULL.
 */
int ivs_easy_exchange(ivs_easy *easy, const ivs_request *request, const ivs_easy_exception *exception,
                      ivs_response *response, ivs_failure *failure);

#endif
