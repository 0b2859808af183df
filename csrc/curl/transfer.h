/*
 * One libcurl easy handle, and one exchange at a time over it: its request as options, what arrives, its time limits, its result.
 *
 * The multi handle that runs it, with its connections, is the owner's (multi.c). libcurl has no limit that covers the time from the
 * request to the last byte of the response, so the limits are kept here: a server that trickles bytes cannot extend them.
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

#include <curl/curl.h>

typedef struct ivs_transfer {
  CURL *handle;
  ivs_headers headers;
  ivs_intake intake;
  ivs_handshake handshake;
  ivs_sockets_opener opener;
  bool has_prereq;           /* libcurl tells when the connection is ready */
  bool is_added;             /* to the owner's multi handle */
  ivs_exchange exchange;     /* as it was asked for */
  const char *proxy;         /* of the exchange; NULL: none */
  bool is_connected;         /* the exchange has its connection, with its tunnel and TLS */
  bool is_connection_noted;  /* the owner knows it */
  double deadline;           /* by ivs_clock_monotonic */
  int status;                /* of the exchange that has ended */
  struct ivs_transfer *next; /* in one of the owner's lists */
  char detail[CURL_ERROR_SIZE];
} ivs_transfer;

/* NULL with *result set: CURLE_OUT_OF_MEMORY, or why this libcurl cannot be used. Opens no connection. */
ivs_transfer *ivs_transfer_open(const ivs_settings *settings, ivs_sockets *sockets, CURLcode *result);
/* Of a handle that is in no multi handle. */
void ivs_transfer_close(ivs_transfer *transfer);
/* In a forked child: frees the memory, and leaves libcurl's handle alone. */
void ivs_transfer_forget(ivs_transfer *transfer);

/* Sets the options of an exchange, which begins now. is_fresh: over a new connection. */
CURLcode ivs_transfer_begin(ivs_transfer *transfer, const ivs_settings *settings,
                            const ivs_exchange *exchange, bool is_fresh);
/* True once for each exchange: it has its connection now, and its time to read begins. */
bool ivs_transfer_is_newly_connected(ivs_transfer *transfer);
/* No connection is used, and none begun. */
bool ivs_transfer_is_looking_up(const ivs_transfer *transfer);
/* Gives up an exchange whose name is still looked up: no connection comes of it any more. Its result is a timeout. */
void ivs_transfer_abandon(ivs_transfer *transfer);
/* The exchange has ended with this result: sets the status and the failure, and takes away what points into the request. */
void ivs_transfer_end(ivs_transfer *transfer, CURLcode result);

#endif
