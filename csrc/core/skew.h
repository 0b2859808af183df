/*
 * Clock skew: what a response's Date says of our clock, and what follows from it (BEHAVIOUR 4, DESIGN 4).
 */
#ifndef IVS_CORE_SKEW_H
#define IVS_CORE_SKEW_H

#include "call.h"

/* Notes how far the Date of call->response is ahead of our time. now: seconds since 1970. */
void ivs_skew_note_date(ivs_call *call, double now);
/* True if the failure is a refusal that a wrong clock explains and this call has not been sent again for it: the client keeps the
 * offset, and the call is to be sent once more. */
bool ivs_skew_correct(ivs_call *call);

#endif
