/*
 * The outcome of an exchange's TLS handshake, read from the TLS records.
 *
 * libcurl has the same result for a handshake that a peer aborted and for one that the network interrupted;
 * only its error text differs. The protocol distinguishes them: a peer that aborts a handshake sends an alert
 * (RFC 8446, 6.2). libcurl passes the TLS messages to CURLOPT_DEBUGFUNCTION if it uses OpenSSL.
 */
#ifndef IVS_CURL_HANDSHAKE_H
#define IVS_CURL_HANDSHAKE_H

#include <curl/curl.h>
#include <stdbool.h>

typedef struct ivs_handshake {
  CURL *handle;
  bool is_traced;     /* libcurl passes the messages */
  bool has_peer_data; /* the peer has sent data */
  bool is_not_tls;    /* that data is not a TLS record */
  bool is_aborted;    /* by us, with an alert */
  int alert;          /* the peer's fatal alert; -1: none */
} ivs_handshake;

/* Prepares for a new exchange. */
void ivs_handshake_begin(ivs_handshake *handshake);
/* Sets the handle's callbacks. */
CURLcode ivs_handshake_attach(ivs_handshake *handshake, CURL *handle);

/* Whether the network interrupted a failed handshake: neither side aborted it. os_errno:
 * CURLINFO_OS_ERRNO. */
bool ivs_handshake_is_cut_short(const ivs_handshake *handshake, long os_errno);
/* Whether the server rejected the client's certificate or requires one. In TLS 1.3 its alert arrives after
 * the client has completed the handshake. */
bool ivs_handshake_is_certificate_refused(const ivs_handshake *handshake);

#endif
