/*
 * One libcurl easy handle with one exchange at a time: its options, the received response, its deadlines, its
 * result.
 *
 * The owner (multi.c) has the multi handle with the connections. libcurl has no limit for the time from the
 * request to the last byte of the response, so the deadlines are enforced here. A server that trickles bytes
 * cannot extend them.
 */
#ifndef IVS_CURL_TRANSFER_H
#define IVS_CURL_TRANSFER_H

#include "core/failure.h"
#include "handshake.h"
#include "headers.h"
#include "intake.h"
#include "multi.h"
#include "settings.h"
#include "sockets.h"
#include "trust.h"
#include "url.h"

#include <curl/curl.h>

typedef struct ivs_transfer {
  CURL *handle;
  ivs_url url;
  ivs_headers headers;
  ivs_intake intake;
  ivs_handshake handshake;
  ivs_sockets_opener opener;
  ivs_trust *trust;          /* the owner's */
  bool is_directory_enough;  /* of the trust, as set in the handle */
  bool has_prereq;           /* libcurl reports when the connection is ready */
  bool is_added;             /* to the owner's multi handle */
  ivs_exchange exchange;     /* the caller's, with its timeouts set */
  const char *proxy;         /* of the exchange; NULL: none */
  bool is_connected;         /* the connection is ready, including proxy tunnel and TLS */
  bool is_connection_noted;  /* and has been reported to the owner */
  double deadline;           /* by ivs_clock_monotonic */
  int status;                /* of the ended exchange */
  struct ivs_transfer *next; /* in one of the owner's lists */
  char detail[CURL_ERROR_SIZE];
} ivs_transfer;

/* NULL with *result set: CURLE_OUT_OF_MEMORY, or why this libcurl cannot be used. Opens no connection. */
ivs_transfer *ivs_transfer_open(const ivs_settings *settings, ivs_trust *trust, ivs_sockets *sockets,
                                CURLcode *result);
/* The handle must not be in a multi handle. */
void ivs_transfer_close(ivs_transfer *transfer);
/* In a forked child: frees the memory, but not libcurl's handle. */
void ivs_transfer_forget(ivs_transfer *transfer);

/* Begins an exchange: sets its options and deadline. is_fresh: use a new connection. */
CURLcode ivs_transfer_begin(ivs_transfer *transfer, const ivs_settings *settings,
                            const ivs_exchange *exchange, bool is_fresh);
/* Whether the exchange has to be carried out again, with the bundle: this result is about a certificate that
 * the directory of authorities does not vouch for. Nothing has been sent to the endpoint. Prepares the transfer
 * for it; the deadline remains. */
bool ivs_transfer_widen_trust(ivs_transfer *transfer, CURLcode *result);
/* Returns true once for each exchange, when its connection is ready. The read timeout then starts. */
bool ivs_transfer_is_newly_connected(ivs_transfer *transfer);
/* Whether the name lookup is running: the exchange has no connection and has opened no socket. */
bool ivs_transfer_is_looking_up(const ivs_transfer *transfer);
/* Ends an exchange during its name lookup with a timeout. It will open no connection. */
void ivs_transfer_abandon(ivs_transfer *transfer);
/* Ends the exchange with this result: sets the status and the failure, and removes the options that point
 * into the request. */
void ivs_transfer_end(ivs_transfer *transfer, CURLcode result);

#endif
