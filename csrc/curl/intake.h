/*
 * What arrives of one response, from libcurl into an ivs_response: status, header lines and pieces of the body,
 * under caps.
 *
 * Why a piece was refused is noted here, since libcurl then only knows that its callback failed. What some
 * versions of libcurl let pass is refused for all of them: a status line or a header line that is none.
 * No Lua is entered.
 */
#ifndef IVS_CURL_INTAKE_H
#define IVS_CURL_INTAKE_H

#include "core/message.h"

#include <curl/curl.h>
#include <stdbool.h>

typedef enum ivs_intake_refusal {
  IVS_INTAKE_ACCEPTED,
  IVS_INTAKE_TOO_BIG, /* over a cap */
  IVS_INTAKE_NO_MEMORY,
  IVS_INTAKE_BAD_STATUS, /* its first line is no status line of HTTP/1.0 or 1.1 */
  IVS_INTAKE_BAD_HEADER, /* a line without a colon, or with a CR or a NUL */
  IVS_INTAKE_BAD_LENGTH, /* its Content-Length is no number, or there are two */
} ivs_intake_refusal;

typedef struct ivs_intake {
  ivs_response *response; /* being filled */
  size_t head_bytes;
  enum { IVS_INTAKE_STATUS_LINE, IVS_INTAKE_HEADERS, IVS_INTAKE_AFTER_HEAD } expects;
  ivs_intake_refusal refusal;
} ivs_intake;

/* Makes the handle report to it from now on. */
CURLcode ivs_intake_attach(ivs_intake *intake, CURL *handle);
/* A new response, which the caller has reset. */
void ivs_intake_begin(ivs_intake *intake, ivs_response *response);
/* Whether the whole head has come. */
bool ivs_intake_has_head(const ivs_intake *intake);

#endif
