/*
 * The adaptive mode's client-side rate: cut when the service throttles, regrown along a cubic curve
 * (docs/protocol.md, "Adaptive rate").
 *
 * Source: botocore's retries/{adaptive,bucket,throttling}.py. Off until the first throttling response.
 */
#ifndef IVS_CORE_RATE_H
#define IVS_CORE_RATE_H

#include "bucket.h"

#include <stdbool.h>

typedef struct ivs_rate {
  bool enabled; /* a throttling response has come */
  ivs_bucket bucket;
  double measured;     /* requests a second, smoothed */
  double bucket_at;    /* start of the half second being counted */
  unsigned count;      /* responses in it */
  double max_rate;     /* the cubic curve: where it levels off, */
  double zero_point;   /* seconds from the last throttling to there, */
  double throttled_at; /* and when that was */
} ivs_rate;

/* Times are seconds of one clock that the caller chooses; a step back counts as no time passed. */
void ivs_rate_init(ivs_rate *rate, double now);
/* Seconds to wait before asking again; 0: a request may be sent, once ivs_rate_spend has taken its token. */
double ivs_rate_wait(ivs_rate *rate, double now);
void ivs_rate_spend(ivs_rate *rate);
/* Takes note of a response. */
void ivs_rate_observe(ivs_rate *rate, bool throttled, double now);

#endif
