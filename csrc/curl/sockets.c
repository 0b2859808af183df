/* Tracks the sockets through libcurl's callbacks. */
#include "sockets.h"
#include "libcurl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC 0
#endif

/* For each transfer: the connections that libcurl keeps (CURLMOPT_MAXCONNECTS), and those that it opens in
 * parallel. */
enum { KEPT = 4, MADE = 4, SPARE = 8 };

bool ivs_sockets_init(ivs_sockets *sockets, int transfers) {
  sockets->count = 0;
  sockets->capacity = transfers * (KEPT + MADE) + SPARE;
  sockets->open = calloc((size_t)sockets->capacity, sizeof *sockets->open);
  return sockets->open != NULL;
}

void ivs_sockets_free(ivs_sockets *sockets) {
  free(sockets->open);
  sockets->open = NULL;
  sockets->count = 0;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  ivs_sockets_opener *opener = user;
  ivs_sockets *sockets = opener->sockets;
  (void)purpose;
  if (opener->is_abandoned || sockets->count == sockets->capacity) return CURL_SOCKET_BAD;
  int opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (opened < 0) return CURL_SOCKET_BAD;
  if (!SOCK_CLOEXEC) fcntl(opened, F_SETFD, FD_CLOEXEC);
  sockets->open[sockets->count++] = (ivs_socket){.descriptor = opened};
  opener->opened++;
  return opened;
}

static int on_close(void *user, curl_socket_t closed) {
  ivs_sockets *sockets = user;
  for (int i = 0; i < sockets->count; i++)
    if (sockets->open[i].descriptor == closed) {
      sockets->open[i] = sockets->open[--sockets->count];
      break;
    }
  return close(closed);
}

CURLcode ivs_sockets_attach(ivs_sockets_opener *opener, CURL *handle) {
  CURLcode result = CURLE_OK;
  IVS_OPTION(result, handle, CURLOPT_OPENSOCKETFUNCTION, on_open);
  IVS_OPTION(result, handle, CURLOPT_OPENSOCKETDATA, opener);
  IVS_OPTION(result, handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  IVS_OPTION(result, handle, CURLOPT_CLOSESOCKETDATA, opener->sockets);
  return result;
}

void ivs_sockets_mark_busy(ivs_sockets *sockets, long port) {
  for (int i = 0; i < sockets->count; i++)
    if (sockets->open[i].port == port) sockets->open[i].is_idle = false;
}

void ivs_sockets_mark_idle(ivs_sockets *sockets, int descriptor, long port) {
  for (int i = 0; i < sockets->count; i++)
    if (sockets->open[i].descriptor == descriptor) {
      sockets->open[i].port = port;
      sockets->open[i].is_idle = port > 0;
    }
}

static bool has_bytes(int descriptor) {
  char byte;
  return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Replaces the connection by a socket whose other end is closed. The pending bytes are not read: they may be
 * endless. */
static bool replace_connection(int descriptor) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return false;
  bool is_ended = dup2(ends[0], descriptor) >= 0;
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  close(ends[0]);
  close(ends[1]);
  return is_ended;
}

bool ivs_sockets_end_unclean(ivs_sockets *sockets, bool all_idle) {
  for (int i = 0; i < sockets->count; i++) {
    const ivs_socket *each = &sockets->open[i];
    if ((all_idle || each->is_idle) && has_bytes(each->descriptor) && !replace_connection(each->descriptor))
      return false;
  }
  return true;
}
