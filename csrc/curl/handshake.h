/*
 * What the TLS handshake of an exchange came to, as the records that were exchanged tell.
 *
 * libcurl has one result for a handshake that the peer refused and for one that the network cut short, and
 * tells them apart in prose only. The protocol says it: who gives a handshake up sends an alert first
 * (RFC 8446, 6.2). libcurl hands the messages to CURLOPT_DEBUGFUNCTION when its TLS is OpenSSL.
 */
#ifndef IVS_CURL_HANDSHAKE_H
#define IVS_CURL_HANDSHAKE_H

#include <curl/curl.h>
#include <stdbool.h>

typedef struct ivs_handshake {
  CURL *handle;
  bool is_traced;   /* libcurl shows the messages */
  bool has_peer_data; /* something came from the peer */
  bool is_not_tls;  /* and was no TLS record */
  bool is_aborted; /* by us, with an alert */
  int alert;        /* the peer's fatal alert; -1: none */
} ivs_handshake;

/* For a new exchange. */
void ivs_handshake_begin(ivs_handshake *handshake);
/* Makes the handle report to it. */
CURLcode ivs_handshake_attach(ivs_handshake *handshake, CURL *handle);

/* Whether a failed handshake was cut short by the network: not refused, by either side. os_errno: CURLINFO_OS_ERRNO. */
bool ivs_handshake_is_cut_short(const ivs_handshake *handshake, long os_errno);
/* Whether the server refused the client's certificate, or that there was none. In TLS 1.3 it says so when the
 * client's handshake is over. */
bool ivs_handshake_is_certificate_refused(const ivs_handshake *handshake);

#endif
