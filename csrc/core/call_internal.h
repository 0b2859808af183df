/*
 * What the parts of the call machine share. Included by call.c and its parts only:
 *
 *   attempt.c      builds and signs the request of one attempt
 *   skew.c         learns the clock offset from a response
 *   call_redact.c  hides the secrets of the requests in what the call tells its caller
 */
#ifndef IVS_CORE_CALL_INTERNAL_H
#define IVS_CORE_CALL_INTERNAL_H

#include "call.h"

/* Fills call->request (the body is there already): URL and headers for its endpoint, signed at `now`, seconds since 1970.
 * IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, IVS_ECRYPTO. */
int ivs_attempt_build(ivs_call *call, double now);

/* Notes how far the Date of call->response is ahead of our time. now: seconds since 1970. */
void ivs_skew_note_date(ivs_call *call, double now);
/* True if the failure is a refusal that a wrong clock can cause and this call has not been sent again for it: the client keeps the
 * offset, and the call is to be sent once more. */
bool ivs_skew_correct(ivs_call *call);

/*
 * Secrets are those that the call's requests were sent with (call->secrets). A code is shown as it came or not at all: a service's
 * code that holds a secret is replaced by the HTTP status, a driver's by IVS_CALL_REDACT_CODE.
 */
#define IVS_CALL_REDACT_CODE "HTTPClientError"
/* Whether the text, which has not been truncated yet, contains a secret. */
bool ivs_call_redact_is_needed(const ivs_call *call, ivs_slice text);
/* Redacts call->failure, and then truncates its message. */
void ivs_call_redact_failure(ivs_call *call);
/* Redacts the headers of a failed call's responses, and wipes the bodies. */
void ivs_call_redact_responses(ivs_call *call);

#endif
