/*
 * Tests of the pace of many calls (csrc/core/pace): the intervals between requests, with a simulated clock.
 */
#include "core/call.h"
#include "core/pace.h"
#include "unit.h"

#include <math.h>

static const double EPSILON = 1e-6;

/* Takes a token as soon as one is available; returns that time. */
static double take(ivs_pace *pace, double now) {
  double wait;
  while ((wait = ivs_pace_wait(pace, now)) > 0) now += wait;
  ivs_pace_spend(pace);
  return now;
}

/* Whether a gap is what the limit asks for, and not much more. */
static bool is_gap(double seconds, double asked) {
  return seconds >= asked - EPSILON && seconds <= asked * 1.05;
}

/* The network delays one request more than the next: a service that counts a window of a second must still
 * not see more than the limit in any. */
static void a_second_has_room_for_requests_that_arrive_early(void) {
  ivs_pace pace;
  double sent[60], now = 1000;
  ivs_pace_init(&pace, 3, now);
  for (int i = 0; i < 60; i++) sent[i] = now = take(&pace, now);
  for (int i = 3; i < 60; i++) CHECK(sent[i] - sent[i - 3] >= 1.015);
  CHECK(sent[59] - sent[0] <= 59 / 3.0 * 1.03);
}

static void requests_are_spread_evenly(void) {
  const double rates[] = {0.1, 3, 250};
  for (int i = 0; i < 3; i++) {
    ivs_pace pace;
    double now = 1000;
    ivs_pace_init(&pace, rates[i], now);
    CHECK(take(&pace, now) == 1000);
    for (int n = 2; n <= 50; n++) now = take(&pace, now);
    CHECK(now - 1000 >= 49 / rates[i] - EPSILON);
    CHECK(now - 1000 <= 49 * fmax(1 / rates[i], 0.001) * 1.05 + EPSILON);
  }
}

static void a_pause_does_not_allow_a_burst(void) {
  ivs_pace pace;
  ivs_pace_init(&pace, 4, 0);
  take(&pace, 0);
  CHECK(take(&pace, 100) == 100);
  CHECK(is_gap(take(&pace, 100) - 100, 0.25));
}

static void a_request_that_is_sent_late_postpones_the_next(void) {
  ivs_pace pace;
  ivs_pace_init(&pace, 4, 0);
  take(&pace, 0);
  ivs_pace_note_sent(&pace, 0.2);
  CHECK(is_gap(take(&pace, 0.2) - 0.2, 0.25));
}

static void without_a_limit_nothing_waits_until_the_service_throttles(void) {
  ivs_pace pace;
  ivs_pace_init(&pace, 0, 0);
  for (int i = 0; i < 100; i++) CHECK(take(&pace, i / 1000.0) == i / 1000.0);
  ivs_pace_note_sent(&pace, 0.1);
  CHECK(ivs_pace_wait(&pace, 0.1) == 0);
  ivs_pace_observe(&pace, true, 0.1);
  CHECK(ivs_pace_wait(&pace, 0.1) > 0);
}

/* Even if the limit is high. */
static void throttling_slows_a_limited_pace(void) {
  ivs_pace pace;
  ivs_pace_init(&pace, 1000, 0);
  double now = 0;
  for (int i = 0; i < 10; i++) {
    now = take(&pace, now);
    ivs_pace_observe(&pace, true, now);
  }
  const double begun = now = take(&pace, now);
  now = take(&pace, now);
  CHECK(now - begun >= 1 - EPSILON); /* botocore's slowest rate is 0.5 a second; at most one token was left */
  for (int i = 0; i < 200; i++) {
    now = take(&pace, now);
    ivs_pace_observe(&pace, false, now);
  }
  CHECK(pace.rate.bucket.rate > 2); /* regrown */
}

static void if_the_clock_goes_back_no_time_has_passed(void) {
  ivs_pace pace;
  ivs_pace_init(&pace, 2, 1000);
  take(&pace, 1000);
  CHECK(is_gap(ivs_pace_wait(&pace, 500), 0.5));
  CHECK(is_gap(take(&pace, 500) - 500, 0.5));
}

/* A call that keeps a pace may wait for long after it has asked for credentials. */
static void credentials_that_expire_meanwhile_are_asked_for_again(void) {
  static const unsigned char random[16] = {1};
  ivs_failure failure;
  ivs_client client;
  ivs_call call;
  ivs_pace pace;
  ivs_failure_init(&failure);
  ivs_client_init(&client);
  const ivs_client_settings settings = {.region = BYTES("us-west-2")};
  CHECK(!ivs_client_open(&client, &settings, 0, &failure));
  ivs_pace_init(&pace, 0.01, 0);
  take(&pace, 0);
  ivs_call_init(&call, &client, 100);
  ivs_call_begin(&call, &ivs_operation_get_recording_configuration, BYTES("{}"), BYTES("arn"), random);
  call.pace = &pace;
  CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_CREDENTIALS);
  CHECK(!ivs_credentials_set(&client.credentials, BYTES("A"), BYTES("S"), BYTES(""), 50));
  ivs_call_credentials(&call);
  CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_SLEEP && is_gap(call.delay, 100));
  ivs_call_slept(&call);
  CHECK(ivs_call_next(&call, 40, 0) == IVS_STEP_SLEEP); /* they are valid still, and have been asked for */
  ivs_call_slept(&call);
  CHECK(ivs_call_next(&call, 110, 0) == IVS_STEP_CREDENTIALS);
  CHECK(!ivs_credentials_set(&client.credentials, BYTES("B"), BYTES("S"), BYTES(""), 150));
  ivs_call_credentials(&call);
  CHECK(ivs_call_next(&call, 110, 0) == IVS_STEP_EXCHANGE);
  ivs_call_free(&call);
  ivs_client_close(&client);
  ivs_failure_free(&failure);
}

/* Each attempt takes a token of the call's pace, including retries. */
static void attempts_wait_for_the_pace_of_their_call(void) {
  static const unsigned char random[16] = {1};
  ivs_failure failure;
  ivs_client client;
  ivs_call call;
  ivs_pace pace;
  ivs_failure_init(&failure);
  ivs_client_init(&client);
  const ivs_client_settings settings = {.region = BYTES("us-west-2")};
  CHECK(!ivs_client_open(&client, &settings, 0, &failure));
  CHECK(!ivs_credentials_set(&client.credentials, BYTES("A"), BYTES("S"), BYTES(""), 0));
  ivs_pace_init(&pace, 0.5, 0);
  ivs_call_init(&call, &client, 100);
  ivs_call_begin(&call, &ivs_operation_get_recording_configuration, BYTES("{}"), BYTES("arn"), random);
  call.pace = &pace;
  CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_EXCHANGE);
  ivs_call_no_response(&call, IVS_KIND_CONNECTION, BYTES("ConnectionClosedError"), BYTES("m"));
  CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_SLEEP && call.delay == 0);
  ivs_call_slept(&call);
  CHECK(ivs_call_next(&call, 0, 0) == IVS_STEP_SLEEP && is_gap(call.delay, 2));
  ivs_call_slept(&call);
  CHECK(ivs_call_next(&call, 2.1, 0) == IVS_STEP_EXCHANGE && call.attempts == 2);
  call.response.status = 429;
  ivs_call_response(&call);
  CHECK(ivs_call_next(&call, 2.1, 0) == IVS_STEP_DECODE);
  ivs_call_error(&call, BYTES("ThrottlingException"), BYTES("m"), false);
  CHECK(ivs_call_next(&call, 2.1, 0) == IVS_STEP_SLEEP);
  CHECK(pace.rate.enabled && ivs_call_is_throttled(&call));
  ivs_call_reset(&call);
  CHECK(!call.pace);
  ivs_call_free(&call);
  ivs_client_close(&client);
  ivs_failure_free(&failure);
}

int main(void) {
  a_second_has_room_for_requests_that_arrive_early();
  requests_are_spread_evenly();
  a_pause_does_not_allow_a_burst();
  a_request_that_is_sent_late_postpones_the_next();
  without_a_limit_nothing_waits_until_the_service_throttles();
  throttling_slows_a_limited_pace();
  if_the_clock_goes_back_no_time_has_passed();
  credentials_that_expire_meanwhile_are_asked_for_again();
  attempts_wait_for_the_pace_of_their_call();
  return broken > 0;
}
