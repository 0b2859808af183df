/* A list of sockets, kept by libcurl's callbacks. */
#include "sockets.h"

#include <sys/socket.h>
#include <unistd.h>

static int on_open(void *user, curl_socket_t opened, curlsocktype purpose) {
  ivs_sockets *sockets = user;
  (void)purpose;
  if (sockets->count == IVS_SOCKETS_MAX) return CURL_SOCKOPT_ERROR;
  sockets->open[sockets->count++] = opened;
  return CURL_SOCKOPT_OK;
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

void ivs_sockets_follow(ivs_sockets *sockets, CURL *handle) {
  sockets->count = 0;
  curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, on_open);
  curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, sockets);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, sockets);
}

bool ivs_sockets_have_bytes(const ivs_sockets *sockets) {
  for (int i = 0; i < sockets->count; i++) {
    char byte;
    if (recv(sockets->open[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) return true;
  }
  return false;
}
