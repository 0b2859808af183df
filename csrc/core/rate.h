/*
 * The adaptive mode's client-side rate: cut when the service throttles, regrown along a cubic curve
 * (docs/protocol.md, "Adaptive rate").
 *
 * Source: botocore's retries/{adaptive,bucket,throttling}.py. Off until the first throttling answer.
 */
#ifndef IVS_CORE_RATE_H
#define IVS_CORE_RATE_H

#include <stdbool.h>

typedef struct ivs_rate {
  bool enabled;        /* a throttling answer has come */
  double fill_rate;    /* tokens a second */
  double capacity;     /* tokens at most */
  double tokens;       /* tokens now */
  double filled_at;    /* when tokens were last counted */
  double measured;     /* requests a second, smoothed */
  double bucket_at;    /* start of the half second being counted */
  unsigned count;      /* answers in it */
  double max_rate;     /* the cubic curve: where it levels off, */
  double zero_point;   /* seconds from the last throttling to there, */
  double throttled_at; /* and when that was */
} ivs_rate;

/* Times are seconds of one clock that the caller chooses; a step back counts as no time passed. */
void ivs_rate_init(ivs_rate *rate, double now);
/* Takes a token for one request, or returns the seconds to wait before asking again. 0: taken. */
double ivs_rate_take(ivs_rate *rate, double now);
/* Tells of an answer. */
void ivs_rate_observe(ivs_rate *rate, bool throttled, double now);

#endif
