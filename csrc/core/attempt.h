/*
 * The request of one attempt of a call: URL and headers for its endpoint, signed at the given moment
 * (BEHAVIOUR 3).
 */
#ifndef IVS_CORE_ATTEMPT_H
#define IVS_CORE_ATTEMPT_H

#include "call.h"

/* Fills call->request (the body is there already). now: seconds since 1970. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG,
 * IVS_ECRYPTO. */
int ivs_attempt_build(ivs_call *call, double now);

#endif
