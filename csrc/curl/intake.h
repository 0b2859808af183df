/*
 * Receives one response from libcurl's callbacks into an ivs_response with caps: status, headers and body.
 *
 * Stores why data was rejected; libcurl itself only reports that the callback failed. Rejects malformed
 * status and header lines, which some versions of libcurl accept, so that all versions behave alike. Never
 * runs Lua code.
 */
#ifndef IVS_CURL_INTAKE_H
#define IVS_CURL_INTAKE_H

#include "core/message.h"

#include <curl/curl.h>
#include <stdbool.h>

typedef enum ivs_intake_refusal {
  IVS_INTAKE_ACCEPTED,
  IVS_INTAKE_TOO_BIG, /* larger than a cap */
  IVS_INTAKE_NO_MEMORY,
  IVS_INTAKE_BAD_STATUS, /* the first line is not a status line of HTTP/1.0 or 1.1 */
  IVS_INTAKE_BAD_HEADER, /* a line without a colon, or with a CR or a NUL */
  IVS_INTAKE_BAD_LENGTH, /* a malformed Content-Length, or two different ones */
} ivs_intake_refusal;

typedef struct ivs_intake {
  ivs_response *response; /* being filled */
  size_t head_bytes;
  enum { IVS_INTAKE_STATUS_LINE, IVS_INTAKE_HEADERS, IVS_INTAKE_AFTER_HEAD } expects;
  ivs_intake_refusal refusal;
} ivs_intake;

/* Sets the handle's callbacks. */
CURLcode ivs_intake_attach(ivs_intake *intake, CURL *handle);
/* Begins a new response, which the caller has reset. */
void ivs_intake_begin(ivs_intake *intake, ivs_response *response);
/* Whether the head has been received completely. */
bool ivs_intake_has_head(const ivs_intake *intake);

#endif
