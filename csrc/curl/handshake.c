/* Reads TLS alerts from libcurl's trace. */
#include "handshake.h"
#include "libcurl.h"

enum { RECORD_HEADER_SIZE = 5, ALERT_SIZE = 2, CLIENT_HELLO = 1, FATAL = 2, TLS_MAJOR = 3 };

/* OpenSSL sends this alert when the connection is lost, and when it cannot decode a message, which is
 * rare. */
enum { DECODE_ERROR = 50 };

/* RFC 8446, 6: alerts about a certificate. */
enum {
  NO_CERTIFICATE = 41,      /* of SSL 3 */
  CERTIFICATE_UNKNOWN = 46, /* 42 to 46 begin with bad_certificate */
  UNKNOWN_CA = 48,
  ACCESS_DENIED = 49,
  CERTIFICATE_REQUIRED = 116
};

static void reset(ivs_handshake *handshake) {
  *handshake = (ivs_handshake){.handle = handshake->handle, .alert = -1};
}

/* Setting a boolean option cannot fail. */
static void trace(const ivs_handshake *handshake, bool is_traced) {
  (void)curl_easy_setopt(handshake->handle, CURLOPT_VERBOSE, is_traced ? 1L : 0L);
}

void ivs_handshake_begin(ivs_handshake *handshake) {
  reset(handshake);
  trace(handshake, false);
}

/* Tracing is enabled only for new connections: reused ones have no handshake, and tracing takes a tenth of a
 * call's time. */
static int on_new_connection(void *user, curl_socket_t socket, curlsocktype purpose) {
  (void)socket, (void)purpose;
  trace(user, true);
  return CURL_SOCKOPT_OK;
}

/* libcurl passes record headers (5 bytes) and messages separately. Only alerts have 2 bytes. */
static int on_debug(CURL *handle, curl_infotype type, char *bytes, size_t size, void *user) {
  ivs_handshake *handshake = user;
  const unsigned char *data = (const unsigned char *)bytes;
  (void)handle;
  if (type == CURLINFO_SSL_DATA_OUT) {
    if (size > RECORD_HEADER_SIZE && data[0] == CLIENT_HELLO) reset(handshake);
    handshake->is_traced = true;
    if (size == ALERT_SIZE && data[0] == FATAL && data[1] != DECODE_ERROR) handshake->is_aborted = true;
  } else if (type == CURLINFO_SSL_DATA_IN) {
    if (!handshake->has_peer_data) handshake->is_not_tls = size == RECORD_HEADER_SIZE && data[1] != TLS_MAJOR;
    handshake->has_peer_data = true;
    if (size == ALERT_SIZE && data[0] == FATAL) handshake->alert = data[1];
  }
  return 0;
}

CURLcode ivs_handshake_attach(ivs_handshake *handshake, CURL *handle) {
  CURLcode result = CURLE_OK;
  handshake->handle = handle;
  IVS_OPTION(result, handle, CURLOPT_SOCKOPTFUNCTION, on_new_connection);
  IVS_OPTION(result, handle, CURLOPT_SOCKOPTDATA, handshake);
  IVS_OPTION(result, handle, CURLOPT_DEBUGFUNCTION, on_debug);
  IVS_OPTION(result, handle, CURLOPT_DEBUGDATA, handshake);
  return result;
}

bool ivs_handshake_is_cut_short(const ivs_handshake *handshake, long os_errno) {
  if (!handshake->is_traced) return os_errno != 0;
  return !handshake->is_not_tls && !handshake->is_aborted && handshake->alert < 0;
}

bool ivs_handshake_is_certificate_refused(const ivs_handshake *handshake) {
  const int alert = handshake->alert;
  return (alert >= NO_CERTIFICATE && alert <= CERTIFICATE_UNKNOWN) || alert == UNKNOWN_CA ||
         alert == ACCESS_DENIED || alert == CERTIFICATE_REQUIRED;
}
