/*
 * What arrives of one response, from libcurl into an ivs_response: header lines and pieces of the body, under
 * caps.
 *
 * Why a piece was refused is noted here, since libcurl then only knows that its callback failed. No Lua is
 * entered.
 */
#ifndef IVS_CURL_INTAKE_H
#define IVS_CURL_INTAKE_H

#include "core/message.h"

#include <curl/curl.h>

typedef struct ivs_intake {
  ivs_response *response; /* being filled */
  size_t head_bytes;
  bool head_ended; /* header lines that follow are trailers, unless a status line comes first */
  /* why it was refused */
  bool too_big;    /* over a cap */
  bool bad_length; /* its Content-Length is no number, or there are two */
  bool no_memory;
} ivs_intake;

/* Makes the handle report to it from now on. */
void ivs_intake_connect(ivs_intake *intake, CURL *handle);
/* A new response, which the caller has reset. */
void ivs_intake_begin(ivs_intake *intake, ivs_response *response);

#endif
