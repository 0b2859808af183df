/*
 * The certificate authorities of a client's connections, to the endpoint and to an https proxy.
 *
 * Reading all authorities of a system takes longer than a TLS handshake, and libcurl does it for each
 * connection. Therefore:
 *
 * - Without `ca_bundle`, where libcurl knows a bundle and a directory of hashed names, only the directory is
 *   used first: OpenSSL reads the one file that it needs. If a certificate fails, the exchange connects
 *   again with both.
 * - A bundle is parsed once for the process (store.h). This needs a libcurl whose TLS library is OpenSSL and
 *   uses our libcrypto. Otherwise libcurl gets the paths.
 *
 * The decision about a certificate is always the same as with libcurl's own options.
 */
#ifndef IVS_CURL_TRUST_H
#define IVS_CURL_TRUST_H

#include "settings.h"

#include <curl/curl.h>

typedef struct ivs_trust {
  bool verify;
  const char *file, *directory; /* NULL: none; both NULL: libcurl's defaults */
  bool is_directory_enough;     /* no certificate has failed; the file is not used */
  double next_check;            /* when to look for changes of file and directory, by ivs_clock_monotonic */
} ivs_trust;

/* Borrows the texts of the settings. */
ivs_trust ivs_trust_of(const ivs_settings *settings);
/* Sets the authorities of a handle. The trust must outlive the handle. */
CURLcode ivs_trust_set(ivs_trust *trust, CURL *handle);
/* Whether the exchange that failed with this result could succeed with the bundle. */
bool ivs_trust_may_widen(CURL *handle, CURLcode result);

#endif
