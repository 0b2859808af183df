/* Blocks SIGPIPE for the current thread. */
#include "sigpipe.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static bool is_pending(void) {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

void ivs_sigpipe_block(ivs_sigpipe *guard) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  guard->was_pending = is_pending();
  pthread_sigmask(SIG_BLOCK, &pipe, &guard->before);
}

void ivs_sigpipe_restore(const ivs_sigpipe *guard) {
  if (!guard->was_pending && is_pending()) {
    const struct timespec now = {0, 0};
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR) continue;
  }
  pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}
