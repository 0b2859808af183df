/* The adaptive retry mode: the measured rate and its cubic growth. */
#include "rate.h"

#include <math.h>
#include <string.h>

static const double MIN_RATE = 0.5, SMOOTHING = 0.8, BETA = 0.7, SCALE = 0.4, MAX_ADJUST = 2.0, BUCKET = 0.5;

void ivs_rate_init(ivs_rate *rate, double now) {
  memset(rate, 0, sizeof *rate);
  ivs_bucket_init(&rate->bucket, 1, 0, now);
  rate->bucket_at = floor(now);
  rate->throttled_at = now;
}

double ivs_rate_wait(ivs_rate *rate, double now) {
  return rate->enabled ? ivs_bucket_wait(&rate->bucket, now) : 0;
}

void ivs_rate_spend(ivs_rate *rate) {
  if (rate->enabled) ivs_bucket_spend(&rate->bucket);
}

static void measure(ivs_rate *rate, double now) {
  double bucket = floor(now / BUCKET) * BUCKET;
  rate->count++;
  if (bucket < rate->bucket_at) rate->bucket_at = bucket; /* the clock was set back */
  if (bucket == rate->bucket_at) return;
  double current = rate->count / (bucket - rate->bucket_at);
  rate->measured = current * SMOOTHING + rate->measured * (1 - SMOOTHING);
  rate->count = 0;
  rate->bucket_at = bucket;
}

void ivs_rate_observe(ivs_rate *rate, bool throttled, double now) {
  double wanted;
  measure(rate, now);
  if (throttled) {
    double current = rate->enabled ? fmin(rate->measured, rate->bucket.rate) : rate->measured;
    rate->max_rate = current;
    rate->zero_point = cbrt(current * (1 - BETA) / SCALE);
    rate->throttled_at = now;
    rate->enabled = true;
    wanted = current * BETA;
  } else {
    if (now < rate->throttled_at) rate->throttled_at = now; /* the clock was set back */
    double since = now - rate->throttled_at - rate->zero_point;
    wanted = SCALE * since * since * since + rate->max_rate;
  }
  wanted = fmin(wanted, MAX_ADJUST * rate->measured);
  ivs_bucket_set(&rate->bucket, fmax(wanted, MIN_RATE), fmax(wanted, 1), now);
}
