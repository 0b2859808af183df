/*
 * The retry policy: whether and when a request is retried, and its cost in the retry quota (docs/protocol.md,
 * "Retries").
 *
 * The policy, its quota and its rate belong to a client. The client's calls share them.
 */
#ifndef IVS_CORE_RETRY_H
#define IVS_CORE_RETRY_H

#include "message.h"
#include "rate.h"

#include <stdbool.h>

/* X(enum name, text, default attempts) */
#define IVS_RETRY_MODES(X)                                                                                   \
  X(STANDARD, "standard", 3)                                                                                 \
  X(ADAPTIVE, "adaptive", 3)                                                                                 \
  X(LEGACY, "legacy", 5)

enum ivs_retry_mode {
#define IVS_RETRY_MODE_ENUM(name, text, attempts) IVS_RETRY_##name,
  IVS_RETRY_MODES(IVS_RETRY_MODE_ENUM)
#undef IVS_RETRY_MODE_ENUM
};

/* Why a request is retryable. */
enum ivs_retry_cause { IVS_RETRY_CAUSE_NONE, IVS_RETRY_CAUSE_TRANSIENT, IVS_RETRY_CAUSE_THROTTLING };

typedef struct ivs_retry {
  enum ivs_retry_mode mode;
  int max_attempts; /* including the first one */
  int quota;        /* tokens left */
  ivs_rate rate;    /* adaptive mode only */
} ivs_retry;

/* max_attempts 0: the mode's default. */
void ivs_retry_init(ivs_retry *retry, enum ivs_retry_mode mode, int max_attempts, double now);
/* False if no mode has that name. */
bool ivs_retry_mode_from_name(ivs_slice name, enum ivs_retry_mode *out);

/*
 * Classifies an error response by its status and its code (the status as text if the response has no code).
 * own_code: a code that only this operation declares as transient; NULL: none.
 */
enum ivs_retry_cause ivs_retry_classify(const ivs_retry *retry, int status, const char *code,
                                        const char *own_code);

/* Takes the cost of one retry from the quota; false if the quota is too low. *cost: for ivs_retry_release. */
bool ivs_retry_acquire(ivs_retry *retry, enum ivs_retry_cause cause, int *cost);
/* After a success: returns the last retry's cost to the quota, or 1 if there was no retry (cost 0). */
void ivs_retry_release(ivs_retry *retry, int cost);

/*
 * Seconds to wait before retry n (1, 2, …). `random` is in [0, 1). A server's hint in the response
 * (x-amz-retry-after in milliseconds, or Retry-After on 429 and 503) is honored if it is longer than the
 * computed delay, by up to 5 seconds. `now` is needed for a Retry-After that is a date.
 */
double ivs_retry_delay(const ivs_retry *retry, enum ivs_retry_cause cause, int n, double random,
                       const ivs_response *response, double now);

#endif
