/*
 * The pace of many calls to one service in one region: evenly, at most so many requests a second, and slower while the service
 * throttles.
 *
 * Each attempt of each call takes a token (ivs_call.pace), retries included. After a throttling response the calls back off
 * together, by the adaptive mode's rate (rate.h). The quotas that a pace keeps to are for an account and region (Amazon IVS
 * Service Quotas, "API Call Rate Quotas").
 */
#ifndef IVS_CORE_PACE_H
#define IVS_CORE_PACE_H

#include "rate.h"

typedef struct ivs_pace {
  bool is_limited;
  ivs_bucket bucket; /* if it is limited: n requests span at least (n - 1) / max_tps seconds */
  ivs_rate rate;
} ivs_pace;

/* max_tps: requests a second; 0: as many as the service takes. Times are as in bucket.h. */
void ivs_pace_init(ivs_pace *pace, double max_tps, double now);
/* Seconds to wait before asking again; 0: a request may be sent, once ivs_pace_spend has taken its token. */
double ivs_pace_wait(ivs_pace *pace, double now);
void ivs_pace_spend(ivs_pace *pace);
/* The request has its connection and leaves now. It took its token before that was made, and the next request may find one that
 * is there already: it would follow too soon. */
void ivs_pace_note_sent(ivs_pace *pace, double now);
/* Takes note of a response. */
void ivs_pace_observe(ivs_pace *pace, bool throttled, double now);

#endif
