/* The token bucket. */
#include "bucket.h"

#include <math.h>

static const double SHORTEST_WAIT =
    0.001; /* a wait below the clock's resolution would make the caller spin */

void ivs_bucket_init(ivs_bucket *bucket, double rate, double tokens, double now) {
  *bucket = (ivs_bucket){.rate = rate, .capacity = 1, .tokens = tokens, .filled_at = now};
}

static void refill(ivs_bucket *bucket, double now) {
  const double passed = now - bucket->filled_at;
  if (passed > 0) bucket->tokens = fmin(bucket->capacity, bucket->tokens + passed * bucket->rate);
  bucket->filled_at = now;
}

void ivs_bucket_set(ivs_bucket *bucket, double rate, double capacity, double now) {
  refill(bucket, now);
  bucket->rate = rate;
  bucket->capacity = capacity;
  bucket->tokens = fmin(bucket->tokens, capacity);
}

double ivs_bucket_wait(ivs_bucket *bucket, double now) {
  refill(bucket, now);
  return bucket->tokens >= 1 ? 0 : fmax((1 - bucket->tokens) / bucket->rate, SHORTEST_WAIT);
}

void ivs_bucket_spend(ivs_bucket *bucket) {
  bucket->tokens -= 1;
}

void ivs_bucket_postpone(ivs_bucket *bucket, double now) {
  refill(bucket, now);
  bucket->tokens = fmin(bucket->tokens, 0);
}
