/* A list of sockets, kept by libcurl's callbacks. */
#include "sockets.h"
#include "libcurl.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC 0
#endif

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  ivs_sockets *sockets = user;
  (void)purpose;
  if (sockets->count == IVS_SOCKETS_MAX) return CURL_SOCKET_BAD;
  int opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (opened < 0) return CURL_SOCKET_BAD;
  if (!SOCK_CLOEXEC) fcntl(opened, F_SETFD, FD_CLOEXEC);
  sockets->open[sockets->count++] = opened;
  sockets->opened++;
  return opened;
}

static int on_close(void *user, curl_socket_t closed) {
  ivs_sockets *sockets = user;
  for (int i = 0; i < sockets->count; i++)
    if (sockets->open[i] == closed) {
      sockets->open[i] = sockets->open[--sockets->count];
      break;
    }
  return close(closed);
}

CURLcode ivs_sockets_follow(ivs_sockets *sockets, CURL *handle) {
  CURLcode result = CURLE_OK;
  sockets->count = 0;
  sockets->opened = 0;
  IVS_OPTION(result, handle, CURLOPT_OPENSOCKETFUNCTION, on_open);
  IVS_OPTION(result, handle, CURLOPT_OPENSOCKETDATA, sockets);
  IVS_OPTION(result, handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  IVS_OPTION(result, handle, CURLOPT_CLOSESOCKETDATA, sockets);
  return result;
}

static bool has_bytes(int descriptor) {
  char byte;
  return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Puts a socket whose other end is closed in the connection's place. What waits in that is not read off: there
 * may be no end of it. */
static bool end(int descriptor) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return false;
  bool is_ended = dup2(ends[0], descriptor) >= 0;
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  close(ends[0]);
  close(ends[1]);
  return is_ended;
}

bool ivs_sockets_end_unclean(ivs_sockets *sockets) {
  for (int i = 0; i < sockets->count; i++)
    if (has_bytes(sockets->open[i]) && !end(sockets->open[i])) return false;
  return true;
}
