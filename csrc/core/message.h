/*
 * The HTTP request and response that the call machine and a driver exchange.
 */
#ifndef IVS_CORE_MESSAGE_H
#define IVS_CORE_MESSAGE_H

#include "buffer.h"
#include "text.h"

/* The request to send. No text except the body contains CR, LF or NUL. */
typedef struct ivs_request {
  const char *method;
  ivs_buffer url;     /* absolute */
  size_t target_at;   /* offset of the path in url; set for a call's requests only */
  ivs_buffer headers; /* "Name: value" lines, each NUL-terminated, including Host and Content-Length */
  ivs_buffer body;
} ivs_request;

void ivs_request_init(ivs_request *request);
void ivs_request_reset(ivs_request *request);
void ivs_request_free(ivs_request *request);
/* Appends a header line. The caller has checked name and value. */
int ivs_request_add_header(ivs_request *request, const char *name, ivs_slice value);
/* Returns the line at *at and advances *at; NULL at the end. Start with *at = 0. */
const char *ivs_request_next_header(const ivs_request *request, size_t *at);

/* The maximum size of a response's header names and trimmed values together. */
#define IVS_RESPONSE_HEADERS_MAX 65536
/* The maximum size of all lines of a response's head with their line ends, including status lines, interim
 * responses, dropped headers and trailers. */
#define IVS_RESPONSE_HEAD_MAX 262144

/* The response. Header names are in lower case. */
typedef struct ivs_response {
  int status;
  ivs_buffer headers;  /* for ivs_response_next_header */
  size_t header_bytes; /* the size of the names and values */
  ivs_buffer body;
} ivs_response;

/* max_body caps the body. IVS_RESPONSE_HEADERS_MAX caps the headers. */
void ivs_response_init(ivs_response *response, size_t max_body);
void ivs_response_reset(ivs_response *response);
void ivs_response_free(ivs_response *response);
/* Adds a header with a trimmed value. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, or IVS_EINVAL: the name is not a token
 * (RFC 9110, 5.6.2), or the value contains CR, LF or NUL. On failure nothing is added. */
int ivs_response_add_header(ivs_response *response, ivs_slice name, ivs_slice value);
/* Whether a line of a head or of trailers, without its line end, contains neither CR nor NUL. Recipients
 * interpret those in different ways (RFC 9112, 2.2; RFC 9110, 5.5). */
bool ivs_message_is_clean_line(ivs_slice line);
/* Parses a Content-Length (RFC 9110, 8.6). False if it is not a number below 2^63. */
bool ivs_message_read_length(ivs_slice text, uint64_t *out);
/* Whether the text is a valid method or header name: a token (RFC 9110, 5.6.2). */
bool ivs_message_is_token(ivs_slice text);
/* The first value of the header (name in lower case), or a slice with data NULL. */
ivs_slice ivs_response_header(const ivs_response *response, const char *name);
/* Reads the header at *at and advances *at; false at the end. Start with *at = 0. */
bool ivs_response_next_header(const ivs_response *response, size_t *at, ivs_slice *name, ivs_slice *value);

#endif
