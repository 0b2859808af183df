/*
 * The adaptive mode's client-side rate limit: it decreases when the service throttles and grows again along a
 * cubic curve (docs/protocol.md, "Adaptive rate").
 *
 * Source: botocore's retries/{adaptive,bucket,throttling}.py. Disabled until the first throttling response.
 */
#ifndef IVS_CORE_RATE_H
#define IVS_CORE_RATE_H

#include "bucket.h"

#include <stdbool.h>

typedef struct ivs_rate {
  bool enabled; /* there has been a throttling response */
  ivs_bucket bucket;
  double measured;     /* requests a second, smoothed */
  double bucket_at;    /* start of the half second being counted */
  unsigned count;      /* responses in it */
  double max_rate;     /* the cubic curve: the rate at which it levels off */
  double zero_point;   /* seconds from the last throttling response to that point */
  double throttled_at; /* when the last throttling response was received */
} ivs_rate;

/* Times are as in bucket.h. */
void ivs_rate_init(ivs_rate *rate, double now);
/* Returns the seconds to wait before the next try; 0: a request may be sent after ivs_rate_spend has taken
 * its token. */
double ivs_rate_wait(ivs_rate *rate, double now);
void ivs_rate_spend(ivs_rate *rate);
/* Adapts the rate after a response. */
void ivs_rate_observe(ivs_rate *rate, bool throttled, double now);

#endif
