/*
 * The pace of many calls to one service in one region: evenly spaced, a maximum number of requests a second,
 * and slower while the service throttles.
 *
 * Each attempt of each call takes a token (ivs_call.pace), including retries. After a throttling response all
 * calls back off together, with the adaptive mode's rate (rate.h). The service's quotas apply to an account
 * and region (Amazon IVS Service Quotas, "API Call Rate Quotas").
 */
#ifndef IVS_CORE_PACE_H
#define IVS_CORE_PACE_H

#include "rate.h"

typedef struct ivs_pace {
  bool is_limited;
  ivs_bucket bucket; /* if it is limited: n requests span at least (n - 1) / max_tps seconds */
  ivs_rate rate;
} ivs_pace;

/* max_tps: requests a second; 0: limited only by the service's throttling. Times are as in bucket.h. */
void ivs_pace_init(ivs_pace *pace, double max_tps, double now);
/* Returns the seconds to wait before the next try; 0: a request may be sent after ivs_pace_spend has taken
 * its token. */
double ivs_pace_wait(ivs_pace *pace, double now);
void ivs_pace_spend(ivs_pace *pace);
/* To be called when the request is sent. The request took its token before its connection was established; in
 * the meantime the next token may have become available, and the next request would be sent too early. */
void ivs_pace_note_sent(ivs_pace *pace, double now);
/* Adapts the rate after a response. */
void ivs_pace_observe(ivs_pace *pace, bool throttled, double now);

#endif
