/*
 * A client's settings for the transport, with texts of their own, and the proxy that they name for a request.
 */
#ifndef IVS_CURL_SETTINGS_H
#define IVS_CURL_SETTINGS_H

#include "core/message.h"

#include <stdbool.h>

/* Times are seconds. A text is NULL or empty if it is not set. */
typedef struct ivs_settings {
  double connect_timeout; /* name, TCP, tunnel and TLS together */
  double read_timeout;    /* from the request sent to the response's last byte */
  const char *proxy;      /* http:// or https://, user and password within; the environment is not read */
  const char *no_proxy;
  const char *ca_bundle;                /* file or directory; NULL: the system's */
  const char *client_cert, *client_key; /* PEM files; the key may stand in the certificate's file */
  bool verify;
  bool tcp_keepalive;
} ivs_settings;

enum { IVS_SETTINGS_TEXTS = 5 };

typedef struct ivs_settings_copy {
  ivs_settings settings; /* its texts are these: */
  ivs_buffer texts[IVS_SETTINGS_TEXTS];
} ivs_settings_copy;

/* IVS_OK, IVS_ENOMEM or IVS_ETOOBIG; the copy has to be freed in each case. */
int ivs_settings_take(ivs_settings_copy *copy, const ivs_settings *settings);
void ivs_settings_free(ivs_settings_copy *copy);

/* The proxy for this request; NULL: none. */
const char *ivs_settings_proxy(const ivs_settings *settings, const ivs_request *request);

#endif
