/*
 * Keeps out of what a call tells its caller what its requests were sent with (call->secrets).
 *
 * A code is shown as it came or not at all: a service's code that holds a secret is replaced by the HTTP status, a driver's by
 * IVS_CONCEAL_CODE.
 */
#ifndef IVS_CORE_CONCEAL_H
#define IVS_CORE_CONCEAL_H

#include "call.h"

#define IVS_CONCEAL_CODE "HTTPClientError"

/* Whether the text, from which nothing has been cut yet, holds a secret. */
bool ivs_conceal_is_needed(const ivs_call *call, ivs_slice text);
/* Hides the secrets in call->failure, and then cuts its message. */
void ivs_conceal_failure(ivs_call *call);
/* Hides the secrets in the headers of a failed call's responses, and wipes the bodies, which nobody reads any more. */
void ivs_conceal_responses(ivs_call *call);

#endif
