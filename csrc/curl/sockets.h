/*
 * The sockets of one libcurl handle, to see that nothing waits in a connection that should be idle.
 *
 * Bytes that a server sends after its answer would be taken for the answer to the next request. libcurl
 * before 8 does not look; this does. A connection that the server merely closed is left to libcurl, which
 * sees that itself.
 */
#ifndef IVS_CURL_SOCKETS_H
#define IVS_CURL_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>

/* More than the connections that libcurl keeps for a handle and makes at once. */
enum { IVS_SOCKETS_MAX = 16 };

typedef struct ivs_sockets {
  int open[IVS_SOCKETS_MAX];
  int count;
} ivs_sockets;

/* Forgets what was, and follows the handle's sockets from now on; it has to outlive the handle's connections.
 */
void ivs_sockets_follow(ivs_sockets *sockets, CURL *handle);

/* Whether bytes wait in one of them. To be asked between two exchanges. */
bool ivs_sockets_have_bytes(const ivs_sockets *sockets);

#endif
