/*
 * Protects the host from SIGPIPE while libcurl writes to sockets.
 *
 * With CURLOPT_NOSIGNAL libcurl does not block SIGPIPE, and OpenSSL writes with write(2): a server that
 * closes its connection during a write would terminate the process. The signal is blocked for this thread
 * only, and a signal that libcurl caused is consumed. The host's signal handlers and dispositions do not
 * change.
 */
#ifndef IVS_CURL_SIGPIPE_H
#define IVS_CURL_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

typedef struct ivs_sigpipe {
  sigset_t before;
  bool was_pending;
} ivs_sigpipe;

void ivs_sigpipe_block(ivs_sigpipe *guard);
void ivs_sigpipe_restore(const ivs_sigpipe *guard);

#endif
