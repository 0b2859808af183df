/*
 * Keeps SIGPIPE from the host while we write to sockets.
 *
 * With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE alone, and OpenSSL writes with write(2): a server that closes
 * at the wrong moment would end the process. The signal is blocked for this thread only, and one that we
 * caused is taken away; the host's handler and disposition are never touched.
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
