/*
 * A token bucket: each request takes one token; tokens are refilled at a fixed rate.
 *
 * Times are in seconds, on a clock that the caller chooses. If the clock goes back, no time has passed.
 */
#ifndef IVS_CORE_BUCKET_H
#define IVS_CORE_BUCKET_H

typedef struct ivs_bucket {
  double rate;      /* tokens a second; above 0 */
  double capacity;  /* the maximum number of tokens; at least 1 */
  double tokens;    /* tokens at `filled_at` */
  double filled_at; /* when tokens were last counted */
} ivs_bucket;

void ivs_bucket_init(ivs_bucket *bucket, double rate, double tokens, double now);
/* Changes the rate from now on. */
void ivs_bucket_set(ivs_bucket *bucket, double rate, double capacity, double now);
/* Returns the seconds to wait before the next try; 0: a token is available. Does not take it. */
double ivs_bucket_wait(ivs_bucket *bucket, double now);
/* Takes the token that ivs_bucket_wait found. */
void ivs_bucket_spend(ivs_bucket *bucket);
/* Empties the bucket: the next token is available after 1 / rate seconds at the earliest. */
void ivs_bucket_postpone(ivs_bucket *bucket, double now);

#endif
