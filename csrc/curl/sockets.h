/*
 * The sockets of one multi handle. Child processes do not inherit them, and connections are checked before
 * they are reused.
 *
 * Bytes that a server sends after its response could be read as the response to the next request. libcurl
 * before 8 does not check for them. This module ends such connections, and no others: libcurl itself detects
 * a connection that the server has closed.
 *
 * Idle connections are identified by their local port: libcurl reports the port of a transfer, and the
 * descriptor of a transfer that has ended. Two connections to different servers may have the same port; both
 * are then considered busy.
 */
#ifndef IVS_CURL_SOCKETS_H
#define IVS_CURL_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>

typedef struct ivs_socket {
  int descriptor;
  long port; /* the local one; 0: unknown */
  bool is_idle;
} ivs_socket;

typedef struct ivs_sockets {
  ivs_socket *open;
  int count, capacity;
} ivs_sockets;

/* The sockets that one easy handle opens. */
typedef struct ivs_sockets_opener {
  ivs_sockets *sockets;
  unsigned opened;   /* in this exchange */
  bool is_abandoned; /* opens no more sockets */
} ivs_sockets_opener;

/* transfers: the maximum number of concurrent ones. False: out of memory. */
bool ivs_sockets_init(ivs_sockets *sockets, int transfers);
void ivs_sockets_free(ivs_sockets *sockets);
/* Sets the handle's callbacks. `sockets` must outlive the connections, the opener must outlive the handle. */
CURLcode ivs_sockets_attach(ivs_sockets_opener *opener, CURL *handle);

/* A transfer uses the connection with this port. */
void ivs_sockets_mark_busy(ivs_sockets *sockets, long port);
/* A transfer on this connection has ended. */
void ivs_sockets_mark_idle(ivs_sockets *sockets, int descriptor, long port);

/* Ends each idle connection with pending bytes, so that libcurl finds it closed. all_idle: no transfer is
 * running. To be called before a transfer starts. False: out of descriptors. */
bool ivs_sockets_end_unclean(ivs_sockets *sockets, bool all_idle);

#endif
