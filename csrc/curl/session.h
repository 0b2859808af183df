/*
 * A libcurl handle with its connections, TLS sessions and names, and one exchange of it at a time.
 *
 * It runs a multi handle of its own rather than curl_easy_perform, because libcurl has no limit from the
 * request to the last byte of the response: with one, a call's time is bounded however the server drips.
 */
#ifndef IVS_CURL_SESSION_H
#define IVS_CURL_SESSION_H

#include "easy.h"
#include "handshake.h"
#include "intake.h"
#include "sockets.h"

#include <curl/curl.h>
#include <sys/types.h>

typedef struct ivs_session {
  CURLM *multi;
  CURL *handle;
  pid_t owner;       /* connections are not shared with a forked child */
  bool is_left;      /* by an exchange that timed out while libcurl looked a name up */
  bool is_connected; /* the exchange has its connection, with its tunnel and TLS */
  bool has_prereq;   /* libcurl tells when that comes about */
  ivs_sockets sockets;
  ivs_intake intake;
  ivs_handshake handshake;
  char detail[CURL_ERROR_SIZE];
} ivs_session;

/* NULL with *result set: CURLE_OUT_OF_MEMORY, or why this libcurl won't do. Opens no connection. */
ivs_session *ivs_session_open(const ivs_easy_settings *settings, CURLcode *result);
/* NULL is allowed. In a child of the process that opened it nothing is sent. */
void ivs_session_close(ivs_session *session);
/* Whether it can carry another exchange; else it has to be closed. */
bool ivs_session_is_usable(ivs_session *session);

/* Seconds, for the connection (name, TCP, TLS, tunnel) and from there to the last byte. */
typedef struct ivs_session_limits {
  double connect, read;
} ivs_session_limits;

/* A new exchange, whose response the caller has reset: forgets what was noted of the one before. */
void ivs_session_begin(ivs_session *session, ivs_response *response);
/* Runs the exchange that the handle's options describe. */
CURLcode ivs_session_run(ivs_session *session, const ivs_session_limits *limits);

#endif
