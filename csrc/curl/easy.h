/*
 * One exchange after the other over libcurl, waiting for each: for single calls and for the credential providers.
 */
#ifndef IVS_CURL_EASY_H
#define IVS_CURL_EASY_H

#include "multi.h"

typedef struct ivs_easy ivs_easy;

/* IVS_OK, or IVS_EREFUSED with the failure set: no memory, or a libcurl that cannot be used. Opens no connection. */
int ivs_easy_open(ivs_easy **out, const ivs_settings *settings, ivs_failure *failure);
/* NULL is allowed. In a child of the process that opened it nothing is sent. */
void ivs_easy_close(ivs_easy *easy);

/*
 * Carries out the exchange (its `user` is not used). IVS_OK, or IVS_EREFUSED with the exchange's failure set; or IVS_EINTERRUPTED,
 * where an interrupt is due: nothing of the exchange is left then, and it may be tried again. interrupt may be NULL.
 */
int ivs_easy_exchange(ivs_easy *easy, const ivs_exchange *exchange, const ivs_multi_interrupt *interrupt);

#endif
