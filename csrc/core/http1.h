/*
 * An incremental HTTP/1.1 response reader (RFC 9112). Does no I/O.
 *
 * The result depends only on the bytes, not on how they are split between calls. Everything is bounded:
 * heads, interim responses and trailers together (IVS_RESPONSE_HEAD_MAX), headers (IVS_RESPONSE_HEADERS_MAX),
 * a chunk's line, the body. The reader accepts and rejects the same messages as libcurl, so that both drivers
 * return the same result for the same bytes. After a message whose length is ambiguous (RFC 9112, 6.3 and
 * 11.2) the connection is not reused. Not for: requests, pipelining, HTTP/2, content codings.
 */
#ifndef IVS_CORE_HTTP1_H
#define IVS_CORE_HTTP1_H

#include "message.h"

#include <stdbool.h>
#include <stdint.h>

#define IVS_HTTP1_CHUNK_LINE_MAX 1024

enum ivs_http1_state {
  IVS_HTTP1_STATUS_LINE,
  IVS_HTTP1_HEADERS,
  IVS_HTTP1_BODY,        /* body_left bytes are missing */
  IVS_HTTP1_BODY_TO_END, /* until the connection is closed */
  IVS_HTTP1_CHUNK_SIZE,
  IVS_HTTP1_CHUNK_END, /* the line end after a chunk's data */
  IVS_HTTP1_TRAILERS,
  IVS_HTTP1_DONE
};

typedef struct ivs_http1 {
  ivs_response response; /* complete when DONE */
  bool bodiless;         /* a response to CONNECT has no body */
  bool keep_alive;       /* when DONE: the connection may be reused */
  const char *problem;   /* after a failure: its reason */
  bool truncated; /* after a failure: the end of the body was not found (the connection was closed, or a
                          * chunk is malformed) */

  /* private to http1.c */
  enum ivs_http1_state state;
  int failed;         /* sticky: every later call returns this status */
  ivs_buffer line;    /* the beginning of an incomplete line */
  size_t head_left;   /* bytes that heads and trailers may still use */
  uint64_t body_left; /* missing bytes of the body or of the chunk */
  bool has_length, has_chunks, may_keep_alive;
  enum ivs_http1_last { IVS_HTTP1_NOTHING, IVS_HTTP1_LENGTH, IVS_HTTP1_OTHER } last; /* header of this head */
} ivs_http1;

/* max_body caps the body; allocates nothing. */
void ivs_http1_init(ivs_http1 *reader, size_t max_body);
/* Prepares the reader for the next response; keeps the memory. */
void ivs_http1_reset(ivs_http1 *reader, bool bodiless);
void ivs_http1_free(ivs_http1 *reader);

/*
 * Reads bytes. IVS_OK; or IVS_EINVAL (malformed), IVS_ETOOBIG, IVS_ENOMEM, with `problem` set. The failure is
 * sticky. Bytes after the end of the message are dropped, and keep_alive becomes false.
 */
int ivs_http1_feed(ivs_http1 *reader, const char *bytes, size_t length);
/* The connection is closed. IVS_OK if the message is complete or ends with the connection; else IVS_EINVAL,
 * or the status that feed returned. */
int ivs_http1_end(ivs_http1 *reader);
bool ivs_http1_is_done(const ivs_http1 *reader);

#endif
