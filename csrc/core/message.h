/*
 * The two HTTP messages that pass between the call machine and a driver.
 */
#ifndef IVS_CORE_MESSAGE_H
#define IVS_CORE_MESSAGE_H

#include "buffer.h"
#include "text.h"

/* What a driver sends. Every text is free of CR, LF and NUL (but for the body). */
typedef struct ivs_request {
  const char *method;
  ivs_buffer url;     /* absolute */
  size_t target_at;   /* where in it path and query begin; of a call's requests only */
  ivs_buffer headers; /* "Name: value" lines, each ended by a NUL, Host and Content-Length among them */
  ivs_buffer body;
} ivs_request;

void ivs_request_init(ivs_request *request);
void ivs_request_reset(ivs_request *request);
void ivs_request_free(ivs_request *request);
/* Appends a header line. Names come from us; values have been checked by whoever calls. */
int ivs_request_add_header(ivs_request *request, const char *name, ivs_slice value);
/* The line at *at, which moves on; NULL at the end. Start with *at = 0. */
const char *ivs_request_next_header(const ivs_request *request, size_t *at);

/* The bytes that the names and trimmed values of a response's headers may have together. */
#define IVS_RESPONSE_HEADERS_MAX 65536
/* The bytes that all lines of a response's head may have with their ends: status lines, interim responses, headers that are not
 * kept, and trailers among them. */
#define IVS_RESPONSE_HEAD_MAX 262144

/* What came back. Header names are in lower case. */
typedef struct ivs_response {
  int status;
  ivs_buffer headers;  /* for ivs_response_next_header */
  size_t header_bytes; /* of the names and values in it */
  ivs_buffer body;
} ivs_response;

/* max_body caps the body; the headers are held to IVS_RESPONSE_HEADERS_MAX. */
void ivs_response_init(ivs_response *response, size_t max_body);
void ivs_response_reset(ivs_response *response);
void ivs_response_free(ivs_response *response);
/* Takes a header, trimmed. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, or IVS_EINVAL for a name that is no token (RFC
 * 9110, 5.6.2) or a value with CR, LF or NUL; nothing is taken then. */
int ivs_response_add_header(ivs_response *response, ivs_slice name, ivs_slice value);
/* Whether a line of a head or of trailers, without its end, holds neither CR nor NUL, which recipients read in different ways
 * (RFC 9112, 2.2; RFC 9110, 5.5). */
bool ivs_message_is_clean_line(ivs_slice line);
/* A Content-Length (RFC 9110, 8.6); false for what is not a number, or not below 2^63. */
bool ivs_message_read_length(ivs_slice text, uint64_t *out);
/* A method, or a header's name (RFC 9110, 5.6.2). */
bool ivs_message_is_token(ivs_slice text);
/* The first value of the header (name in lower case), or a slice with data NULL. */
ivs_slice ivs_response_header(const ivs_response *response, const char *name);
/* The header at *at, which moves on; false at the end. Start with *at = 0. */
bool ivs_response_next_header(const ivs_response *response, size_t *at, ivs_slice *name, ivs_slice *value);

#endif
