/*
 * A client's transport settings, their copy, and the proxy for a request.
 */
#ifndef IVS_CURL_SETTINGS_H
#define IVS_CURL_SETTINGS_H

#include "core/message.h"

#include <stdbool.h>

/* Timeouts are in seconds. A text is NULL or empty if it is not set. */
typedef struct ivs_settings {
  double connect_timeout; /* for name lookup, TCP, proxy tunnel and TLS together */
  double read_timeout;    /* from sending the request to the last byte of the response */
  const char *proxy; /* http:// or https://, optionally with user and password; the environment is not read */
  const char *no_proxy;
  const char *ca_bundle;                /* file or directory; NULL: the system's */
  const char *client_cert, *client_key; /* PEM files; the key may be in the certificate's file */
  bool verify;
  bool tcp_keepalive;
} ivs_settings;

enum { IVS_SETTINGS_TEXTS = 5 };

typedef struct ivs_settings_copy {
  ivs_settings settings; /* its texts point into `texts` */
  ivs_buffer texts[IVS_SETTINGS_TEXTS];
} ivs_settings_copy;

/* IVS_OK, IVS_ENOMEM or IVS_ETOOBIG. Free the copy even after a failure. */
int ivs_settings_take(ivs_settings_copy *copy, const ivs_settings *settings);
void ivs_settings_free(ivs_settings_copy *copy);

/* The proxy for this request; NULL: none. */
const char *ivs_settings_proxy(const ivs_settings *settings, const ivs_request *request);

#endif
