/*
 * Blocking exchanges over libcurl, one after the other: for single calls and for the credential providers.
 */
#ifndef IVS_CURL_EASY_H
#define IVS_CURL_EASY_H

#include "multi.h"

typedef struct ivs_easy ivs_easy;

/* IVS_OK, or IVS_EREFUSED with the failure set: out of memory, or an unusable libcurl. Opens no
 * connection. */
int ivs_easy_open(ivs_easy **out, const ivs_settings *settings, ivs_failure *failure);
/* NULL is allowed. In a forked child it sends nothing on the parent's connections. */
void ivs_easy_close(ivs_easy *easy);

/*
 * Carries out the exchange; ignores its `user`. IVS_OK; IVS_EREFUSED with the exchange's failure set; or
 * IVS_EINTERRUPTED if an interrupt is due: the exchange is canceled and may be started again. interrupt may
 * be NULL.
 */
int ivs_easy_exchange(ivs_easy *easy, const ivs_exchange *exchange, const ivs_multi_interrupt *interrupt);

#endif
