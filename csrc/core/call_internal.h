/*
 * Internal interfaces of the call machine. Included only by call.c and these files:
 *
 *   attempt.c      builds and signs the request of one attempt
 *   skew.c         learns the clock offset from a response
 *   call_redact.c  redacts the secrets of the requests in failures and responses
 */
#ifndef IVS_CORE_CALL_INTERNAL_H
#define IVS_CORE_CALL_INTERNAL_H

#include "call.h"

/* Sets the URL and the headers of call->request, whose body is already set, and signs it at `now`, seconds
 * since 1970. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, IVS_ECRYPTO. */
int ivs_attempt_build(ivs_call *call, double now);

/* Stores how far the Date of call->response is ahead of our time. now: seconds since 1970. */
void ivs_skew_note_date(ivs_call *call, double now);
/* Returns true if clock skew can have caused the failure and this call has not been resent for that reason.
 * The client's clock offset is then corrected, and the call is to be sent once more. */
bool ivs_skew_correct(ivs_call *call);

/*
 * Redacts the secrets of the call's requests (call->secrets). A code is not redacted in part: a service's
 * code that contains a secret is replaced by the HTTP status, a driver's code by IVS_CALL_REDACT_CODE.
 */
#define IVS_CALL_REDACT_CODE "HTTPClientError"
/* Whether the text contains a secret. The text must not be truncated before. */
bool ivs_call_redact_is_needed(const ivs_call *call, ivs_slice text);
/* Redacts call->failure, then truncates its message. */
void ivs_call_redact_failure(ivs_call *call);
/* Redacts the headers of a failed call's responses and wipes the bodies. */
void ivs_call_redact_responses(ivs_call *call);

#endif
