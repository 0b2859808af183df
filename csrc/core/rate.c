/* Token bucket, measured rate and cubic growth of the adaptive retry mode. */
#include "rate.h"

#include <math.h>
#include <string.h>

static const double MIN_RATE = 0.5, SMOOTHING = 0.8, BETA = 0.7, SCALE = 0.4, MAX_ADJUST = 2.0, BUCKET = 0.5;

void ivs_rate_init(ivs_rate *rate, double now) {
  memset(rate, 0, sizeof *rate);
  rate->fill_rate = 1;
  rate->capacity = 1;
  rate->filled_at = now;
  rate->bucket_at = floor(now);
  rate->throttled_at = now;
}

static void refill(ivs_rate *rate, double now) {
  double passed = now - rate->filled_at;
  if (passed > 0) rate->tokens = fmin(rate->capacity, rate->tokens + passed * rate->fill_rate);
  rate->filled_at = now;
}

double ivs_rate_take(ivs_rate *rate, double now) {
  if (!rate->enabled) return 0;
  refill(rate, now);
  if (rate->tokens >= 1) {
    rate->tokens -= 1;
    return 0;
  }
  return fmax((1 - rate->tokens) / rate->fill_rate, 0.001);
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

static void set_fill_rate(ivs_rate *rate, double wanted, double now) {
  refill(rate, now);
  rate->fill_rate = fmax(wanted, MIN_RATE);
  rate->capacity = fmax(wanted, 1);
  rate->tokens = fmin(rate->tokens, rate->capacity);
}

void ivs_rate_observe(ivs_rate *rate, bool throttled, double now) {
  double wanted;
  measure(rate, now);
  if (throttled) {
    double current = rate->enabled ? fmin(rate->measured, rate->fill_rate) : rate->measured;
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
  set_fill_rate(rate, fmin(wanted, MAX_ADJUST * rate->measured), now);
}
