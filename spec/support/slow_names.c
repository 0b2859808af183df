/*
 * LD_PRELOADed, for timeout_spec and multi_spec: every name lookup takes IVS_SLOW_NAMES seconds, and gives
 * this machine's address if IVS_NAMES_ARE_LOCAL is set. At exit the process waits one second, so that an
 * abandoned lookup ends while the process still exists.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <time.h>

typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static void sleep_for(double seconds) {
  struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  const char *seconds = getenv("IVS_SLOW_NAMES");
  look_up *real = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
  sleep_for(seconds ? atof(seconds) : 0);
  if (getenv("IVS_NAMES_ARE_LOCAL")) node = "127.0.0.1";
  return real(node, service, hints, found);
}

__attribute__((destructor)) static void linger(void) {
  if (getenv("IVS_SLOW_NAMES")) sleep_for(1);
}
