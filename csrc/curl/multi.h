/*
 * Many exchanges at once over libcurl: a bounded set of easy handles on one multi handle.
 *
 * Connections, DNS answers and TLS sessions are kept for the next exchange. TLS is verified unless told otherwise, redirects are not
 * followed, nothing but http and https is spoken, and neither the environment nor ~/.netrc is read. Holds no rule of the call: what
 * to send, when, and what a response means are in csrc/core. No Lua is entered.
 *
 *   start an exchange for each free place; run; take what has ended; and so on
 */
#ifndef IVS_CURL_MULTI_H
#define IVS_CURL_MULTI_H

#include "core/failure.h"
#include "core/message.h"
#include "settings.h"

typedef struct ivs_multi ivs_multi;

/* What is to be sent, and where what comes of it goes. All that it points to has to outlive the exchange. */
typedef struct ivs_exchange {
  const ivs_request *request;
  ivs_response *response; /* which the caller has reset */
  ivs_failure *failure;
  void *user; /* the caller's */
  void (*on_sent)(
      void *user); /* once, when it has its connection and the request leaves; NULL: not asked for */
  double connect_timeout, read_timeout; /* seconds; 0: those of the settings */
  bool direct;                          /* no proxy: the link-local credential endpoints */
} ivs_exchange;

/* Asked in a wait, at least every IVS_MULTI_POLL_SECONDS and when a signal comes: whether the wait is to end. */
typedef struct ivs_multi_interrupt {
  bool (*is_due)(void *user);
  void *user;
} ivs_multi_interrupt;

#define IVS_MULTI_POLL_SECONDS 0.25

/* For at most so many exchanges at once. IVS_OK, or IVS_EREFUSED with the failure set: no memory, or a libcurl that cannot be used.
 * Opens no connection. */
int ivs_multi_open(ivs_multi **out, const ivs_settings *settings, int places, ivs_failure *failure);
/* Ends what is running. NULL is allowed. In a child of the process that opened it nothing is sent. */
void ivs_multi_close(ivs_multi *multi);
/* False in a child of the process that opened it, and where an exchange timed out while its name is still looked up: libcurl waits
 * for that when the handle is closed or, before 7.87, when the look-up is ended. Such a multi goes on working. */
bool ivs_multi_is_usable(const ivs_multi *multi);

/* Starts an exchange; a place has to be free. IVS_OK, or IVS_EREFUSED with the exchange's failure set. */
int ivs_multi_start(ivs_multi *multi, const ivs_exchange *exchange);
/* Waits until an exchange has ended, `seconds` are over, or an interrupt is due (NULL: none ever is). */
void ivs_multi_run(ivs_multi *multi, double seconds, const ivs_multi_interrupt *interrupt);
/* The user of an exchange that has ended, each once, with its status: IVS_OK, or IVS_EREFUSED with its failure set (kind
 * connection, timeout, tls or response, code of botocore's name). NULL: none. */
void *ivs_multi_take_ended(ivs_multi *multi, int *status);
/* Gives up all that are running. */
void ivs_multi_cancel(ivs_multi *multi);

#endif
