/*
 * Keeps out of a failure what the request was sent with: a server may well say it back, as AWS does with the canonical request
 * whose signature it refuses.
 */
#ifndef IVS_CORE_CONCEAL_H
#define IVS_CORE_CONCEAL_H

#include "call.h"

/* Overwrites the session token and the signature of call->request wherever call->failure shows them. */
void ivs_conceal_failure(ivs_call *call);

#endif
