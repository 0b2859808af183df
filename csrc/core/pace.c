/* The pace: a bucket of one token, and the adaptive rate. */
#include "pace.h"

#include <math.h>

/* The gaps are longer by this: the network delays one request more than the next, and a service that counts
 * seconds must not see more than max_tps in any. */
static const double MARGIN = 1.02;

void ivs_pace_init(ivs_pace *pace, double max_tps, double now) {
  pace->is_limited = max_tps > 0;
  if (pace->is_limited) ivs_bucket_init(&pace->bucket, max_tps / MARGIN, 1, now);
  ivs_rate_init(&pace->rate, now);
}

double ivs_pace_wait(ivs_pace *pace, double now) {
  const double wait = ivs_rate_wait(&pace->rate, now);
  return pace->is_limited ? fmax(wait, ivs_bucket_wait(&pace->bucket, now)) : wait;
}

void ivs_pace_spend(ivs_pace *pace) {
  ivs_rate_spend(&pace->rate);
  if (pace->is_limited) ivs_bucket_spend(&pace->bucket);
}

void ivs_pace_note_sent(ivs_pace *pace, double now) {
  if (pace->is_limited) ivs_bucket_postpone(&pace->bucket, now);
}

void ivs_pace_observe(ivs_pace *pace, bool throttled, double now) {
  ivs_rate_observe(&pace->rate, throttled, now);
}
