/*
 * Whether, when and at what cost a request is sent again (docs/protocol.md, "Retries").
 *
 * The policy, its quota and its rate belong to a client and are shared by the client's calls.
 */
#ifndef IVS_CORE_RETRY_H
#define IVS_CORE_RETRY_H

#include "message.h"
#include "rate.h"

#include <stdbool.h>

/* X(enum name, text, attempts by default) */
#define IVS_RETRY_MODES(X)                                                                                   \
  X(STANDARD, "standard", 3)                                                                                 \
  X(ADAPTIVE, "adaptive", 3)                                                                                 \
  X(LEGACY, "legacy", 5)

enum ivs_retry_mode {
#define IVS_RETRY_MODE_ENUM(name, text, attempts) IVS_RETRY_##name,
  IVS_RETRY_MODES(IVS_RETRY_MODE_ENUM)
#undef IVS_RETRY_MODE_ENUM
};

/* Why a request may be sent again. */
enum ivs_retry_cause { IVS_RETRY_CAUSE_NONE, IVS_RETRY_CAUSE_TRANSIENT, IVS_RETRY_CAUSE_THROTTLING };

typedef struct ivs_retry {
  enum ivs_retry_mode mode;
  int max_attempts; /* in all, the first one counted */
  int quota;        /* tokens left */
  ivs_rate rate;    /* adaptive mode only */
} ivs_retry;

/* max_attempts 0: the mode's default. */
void ivs_retry_init(ivs_retry *retry, enum ivs_retry_mode mode, int max_attempts, double now);
/* False if no mode has that name. */
bool ivs_retry_mode_from_name(ivs_slice name, enum ivs_retry_mode *out);

/*
 * The cause in an error answer: its status and its code (the status as text where the answer had none).
 * own_code: a code that only this service sends and that is worth another attempt; NULL if it has none.
 */
enum ivs_retry_cause ivs_retry_classify(const ivs_retry *retry, int status, const char *code,
                                        const char *own_code);

/* Takes the cost of one retry off the quota; false if there is too little. *cost is what to give back. */
bool ivs_retry_acquire(ivs_retry *retry, enum ivs_retry_cause cause, int *cost);
/* After a success: gives back the last retry's cost, or 1 where there was no retry (cost 0). */
void ivs_retry_release(ivs_retry *retry, int cost);

/*
 * Seconds to wait before retry n (1, 2, …). `random` is in [0, 1). A server's hint in the response
 * (x-amz-retry-after in milliseconds, or Retry-After on 429 and 503) is honoured from the computed delay up
 * to 5 s above it. `now` serves a Retry-After that is a date.
 */
double ivs_retry_delay(const ivs_retry *retry, enum ivs_retry_cause cause, int n, double random,
                       const ivs_response *response, double now);

#endif
