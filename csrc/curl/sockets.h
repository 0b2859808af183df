/*
 * The sockets of one libcurl handle: opened so that no child process inherits them, and looked at between two
 * exchanges.
 *
 * Bytes that a server sends after its answer would be taken for the answer to the next request. libcurl
 * before 8 does not look; this does, and ends such a connection, and no other. A connection that the server
 * merely closed is left to libcurl, which sees that itself.
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
  unsigned opened; /* how many there have been */
} ivs_sockets;

/* Follows the handle's sockets from now on; it has to outlive the handle's connections. */
CURLcode ivs_sockets_follow(ivs_sockets *sockets, CURL *handle);

/* Ends each connection that bytes wait in, so that libcurl finds it closed. To be called between two exchanges.
 * False: no descriptors are left to do so. */
bool ivs_sockets_end_unclean(ivs_sockets *sockets);

#endif
