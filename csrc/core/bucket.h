/*
 * A token bucket: a request takes a token, and tokens come back at a rate.
 *
 * Times are seconds of one clock that the caller chooses; a step back counts as no time passed.
 */
#ifndef IVS_CORE_BUCKET_H
#define IVS_CORE_BUCKET_H

typedef struct ivs_bucket {
  double rate;      /* tokens a second, above 0 */
  double capacity;  /* tokens at most, at least 1 */
  double tokens;    /* tokens at `filled_at` */
  double filled_at; /* when tokens were last counted */
} ivs_bucket;

void ivs_bucket_init(ivs_bucket *bucket, double rate, double tokens, double now);
/* Changes the rate from now on. */
void ivs_bucket_set(ivs_bucket *bucket, double rate, double capacity, double now);
/* Seconds to wait before asking again; 0: a token is there. Takes none. */
double ivs_bucket_wait(ivs_bucket *bucket, double now);
/* Takes the token that ivs_bucket_wait found. */
void ivs_bucket_spend(ivs_bucket *bucket);
/* The last token is in use from now on: the next one comes 1 / rate later at the earliest. */
void ivs_bucket_postpone(ivs_bucket *bucket, double now);

#endif
