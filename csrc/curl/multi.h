/*
 * Concurrent exchanges over libcurl: a bounded number of easy handles on one multi handle.
 *
 * Connections, DNS results and TLS sessions are kept for later exchanges. TLS certificates are verified
 * unless disabled, redirects are not followed, only http and https are used, and neither the environment nor
 * ~/.netrc is read. The rules of the call are in csrc/core: what to send, when, and how to interpret a
 * response. Never runs Lua code.
 *
 *   Usage: start an exchange for each free place, run, take the ended exchanges, repeat.
 */
#ifndef IVS_CURL_MULTI_H
#define IVS_CURL_MULTI_H

#include "core/failure.h"
#include "core/message.h"
#include "settings.h"

typedef struct ivs_multi ivs_multi;

/* A request and where its result is stored. Everything that it points to must outlive the exchange. */
typedef struct ivs_exchange {
  const ivs_request *request;
  ivs_response *response; /* the caller has reset it */
  ivs_failure *failure;
  void *user;                           /* of the caller */
  void (*on_sent)(void *user);          /* called once, when the connection is established; may be NULL */
  double connect_timeout, read_timeout; /* seconds; 0: those of the settings */
  bool direct;                          /* without a proxy: for link-local credential endpoints */
} ivs_exchange;

/* is_due is called during a wait, at least every IVS_MULTI_POLL_SECONDS and after each signal. true ends the
 * wait. */
typedef struct ivs_multi_interrupt {
  bool (*is_due)(void *user);
  void *user;
} ivs_multi_interrupt;

#define IVS_MULTI_POLL_SECONDS 0.25

/* places: the maximum number of concurrent exchanges. IVS_OK, or IVS_EREFUSED with the failure set: out of
 * memory, or an unusable libcurl. Opens no connection. */
int ivs_multi_open(ivs_multi **out, const ivs_settings *settings, int places, ivs_failure *failure);
/* Ends the running exchanges. NULL is allowed. In a forked child it sends nothing on the parent's
 * connections. */
void ivs_multi_close(ivs_multi *multi);
/* False in a forked child, and if an exchange timed out whose name lookup is still running: libcurl waits for
 * the lookup when the handle is closed or, before 7.87, when the lookup is ended. In the latter case the
 * multi still works. */
bool ivs_multi_is_usable(const ivs_multi *multi);

/* Starts an exchange; a place must be free. IVS_OK, or IVS_EREFUSED with the exchange's failure set. */
int ivs_multi_start(ivs_multi *multi, const ivs_exchange *exchange);
/* Waits until an exchange has ended, `seconds` have passed, or an interrupt is due. interrupt may be NULL. */
void ivs_multi_run(ivs_multi *multi, double seconds, const ivs_multi_interrupt *interrupt);
/* Takes an ended exchange: returns its user and sets its status to IVS_OK, or to IVS_EREFUSED with its
 * failure set (kind connection, timeout, tls or response; botocore's code). Each exchange is returned once.
 * NULL: none has ended. */
void *ivs_multi_take_ended(ivs_multi *multi, int *status);
/* Cancels all running exchanges. */
void ivs_multi_cancel(ivs_multi *multi);

#endif
