/*
 * The sockets of one multi handle: opened so that no child process inherits them, and checked before a connection is used again.
 *
 * Bytes that a server sends after its response would be taken for the response to the next request. libcurl before 8 does not
 * look for them; this does, and ends such a connection, and no other. A connection that the server merely closed is left to
 * libcurl, which sees that itself.
 *
 * Which connections are idle is known by their local port: libcurl tells the port of a transfer, and the descriptor of one that
 * has ended. A port may be in use twice, toward two servers; such connections count as in use.
 */
#ifndef IVS_CURL_SOCKETS_H
#define IVS_CURL_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>

typedef struct ivs_socket {
  int descriptor;
  long port; /* ours; 0: not known */
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
  bool is_abandoned; /* opens none any more */
} ivs_sockets_opener;

/* For so many transfers at once. False: no memory. */
bool ivs_sockets_init(ivs_sockets *sockets, int transfers);
void ivs_sockets_free(ivs_sockets *sockets);
/* Follows the handle's sockets from now on. The sockets have to outlive the connections, the opener the handle. */
CURLcode ivs_sockets_attach(ivs_sockets_opener *opener, CURL *handle);

/* A transfer uses the connection with this port; a transfer has ended, and left this connection. */
void ivs_sockets_mark_busy(ivs_sockets *sockets, long port);
void ivs_sockets_mark_idle(ivs_sockets *sockets, int descriptor, long port);

/* Ends each idle connection that bytes wait in, so that libcurl finds it closed. all_idle: no transfer is running. To be called
 * before a transfer starts. False: no descriptors are left to do so. */
bool ivs_sockets_end_unclean(ivs_sockets *sockets, bool all_idle);

#endif
