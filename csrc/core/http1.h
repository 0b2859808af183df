/*
 * Reads one HTTP/1.1 response from bytes in whatever pieces they come (RFC 9112). Does no I/O.
 *
 * What comes out depends on the bytes alone, not on how they were cut. Everything is bounded: heads, interim
 * responses and trailers together (IVS_RESPONSE_HEAD_MAX), headers (IVS_RESPONSE_HEADERS_MAX), a chunk's line, the body. It takes
 * and refuses what libcurl does, so that both drivers give the same result for the same bytes; after a message whose length could
 * be read in two ways (RFC 9112, 6.3 and 11.2), the connection is not kept. Not for: requests, pipelining,
 * HTTP/2, content codings.
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
  IVS_HTTP1_BODY,        /* body_left bytes of it are to come */
  IVS_HTTP1_BODY_TO_END, /* until the connection ends */
  IVS_HTTP1_CHUNK_SIZE,
  IVS_HTTP1_CHUNK_END, /* the line end behind a chunk's bytes */
  IVS_HTTP1_TRAILERS,
  IVS_HTTP1_DONE
};

typedef struct ivs_http1 {
  ivs_response response; /* complete when DONE */
  bool bodiless;         /* the answer to CONNECT: nothing follows its head */
  bool keep_alive;       /* when DONE: the connection may carry another request */
  const char *problem;   /* after a failure: what is wrong, in a few words */
  bool cut_off;          /* after a failure: the end of the body was not found (the connection has ended, or a
                          * chunk is malformed) */

  /* private to http1.c */
  enum ivs_http1_state state;
  int failed;         /* the status that every later call returns, too */
  ivs_buffer line;    /* the beginning of a line whose end has not come */
  size_t head_left;   /* bytes that heads and trailers may still have */
  uint64_t body_left; /* of the body or of the chunk */
  bool has_length, has_chunks, may_keep_alive;
  enum ivs_http1_last { IVS_HTTP1_NOTHING, IVS_HTTP1_LENGTH, IVS_HTTP1_OTHER } last; /* header of this head */
} ivs_http1;

/* max_body caps the body; allocates nothing. */
void ivs_http1_init(ivs_http1 *reader, size_t max_body);
/* For the next response; the memory is kept. */
void ivs_http1_reset(ivs_http1 *reader, bool bodiless);
void ivs_http1_free(ivs_http1 *reader);

/*
 * Takes bytes. IVS_OK; or IVS_EINVAL (malformed), IVS_ETOOBIG, IVS_ENOMEM, each with `problem` set and
 * returned ever after. Bytes behind the end of the message are dropped, and keep_alive is false then.
 */
int ivs_http1_feed(ivs_http1 *reader, const char *bytes, size_t length);
/* The connection has ended. IVS_OK if that ends the message, or it was at its end; else IVS_EINVAL, or what
 * feed returned. */
int ivs_http1_end(ivs_http1 *reader);
bool ivs_http1_is_done(const ivs_http1 *reader);

#endif
