/* The call machine: one table of transitions, one function that performs them. */
#include "call.h"
#include "call_internal.h"
#include "rest_json.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum event { AUTHENTICATED, UNAUTHENTICATED, PACED, ANSWERED, SUCCEEDED, RETRIED, GAVE_UP, EVENT_COUNT };

/* 0 is an invalid transition: it means BEGUN, which no transition leads to. */
static const enum ivs_step transitions[IVS_STEP_COUNT][EVENT_COUNT] = {
    [IVS_STEP_BEGUN] = {[AUTHENTICATED] = IVS_STEP_EXCHANGE,
                        [UNAUTHENTICATED] = IVS_STEP_CREDENTIALS,
                        [PACED] = IVS_STEP_SLEEP,
                        [GAVE_UP] = IVS_STEP_FAILED},
    [IVS_STEP_CREDENTIALS] =
        {[AUTHENTICATED] = IVS_STEP_EXCHANGE, [PACED] = IVS_STEP_SLEEP, [GAVE_UP] = IVS_STEP_FAILED},
    [IVS_STEP_EXCHANGE] =
        {[ANSWERED] = IVS_STEP_DECODE, [RETRIED] = IVS_STEP_SLEEP, [GAVE_UP] = IVS_STEP_FAILED},
    [IVS_STEP_DECODE] =
        {[SUCCEEDED] = IVS_STEP_DONE, [RETRIED] = IVS_STEP_SLEEP, [GAVE_UP] = IVS_STEP_FAILED},
    [IVS_STEP_SLEEP] = {[AUTHENTICATED] = IVS_STEP_EXCHANGE,
                        [UNAUTHENTICATED] = IVS_STEP_CREDENTIALS,
                        [PACED] = IVS_STEP_SLEEP,
                        [GAVE_UP] = IVS_STEP_FAILED},
};

/* The step that each report belongs to. STOP is valid at any step. */
static const enum ivs_step expected_step[] = {
    [IVS_REPORT_CREDENTIALS] = IVS_STEP_CREDENTIALS,
    [IVS_REPORT_NO_CREDENTIALS] = IVS_STEP_CREDENTIALS,
    [IVS_REPORT_RESPONSE] = IVS_STEP_EXCHANGE,
    [IVS_REPORT_NO_RESPONSE] = IVS_STEP_EXCHANGE,
    [IVS_REPORT_RESULT] = IVS_STEP_DECODE,
    [IVS_REPORT_UNDECODABLE] = IVS_STEP_DECODE,
    [IVS_REPORT_ERROR] = IVS_STEP_DECODE,
    [IVS_REPORT_SLEPT] = IVS_STEP_SLEEP,
};

static void end(ivs_call *call, enum ivs_step step) {
  if (step == IVS_STEP_FAILED) ivs_call_redact_responses(call);
  ivs_request_reset(&call->request);
  ivs_buffer_reset(&call->secrets);
}

static void enter(ivs_call *call, enum event event) {
  enum ivs_step next = transitions[call->state][event];
  if (next == IVS_STEP_BEGUN) { /* unreachable if the rules below match the table */
    ivs_failure_format(&call->failure, IVS_KIND_INTERNAL, "CallStateError", "no transition from the state %s",
                       ivs_step_name(call->state));
    next = IVS_STEP_FAILED;
  }
  if (next == IVS_STEP_DONE || next == IVS_STEP_FAILED) end(call, next);
  call->state = next;
}

void ivs_call_init(ivs_call *call, ivs_client *client, size_t max_response_bytes) {
  memset(call, 0, sizeof *call);
  call->client = client;
  ivs_request_init(&call->request);
  ivs_response_init(&call->response, max_response_bytes);
  ivs_response_init(&call->previous, max_response_bytes);
  ivs_failure_init(&call->failure);
  ivs_redaction_init(&call->secrets);
}

void ivs_call_reset(ivs_call *call) {
  ivs_request_reset(&call->request);
  ivs_response_reset(&call->response);
  ivs_response_reset(&call->previous);
  ivs_buffer_reset(&call->secrets);
  ivs_buffer_reset(&call->failure.message);
  call->failure.code[0] = '\0';
  call->failure.retryable = false;
  call->attempts = 0;
  call->delay = 0;
  call->state = IVS_STEP_BEGUN;
  call->report = IVS_REPORT_NONE;
  call->is_built = call->has_requested_credentials = call->is_resent = call->is_pacing = call->has_date =
      false;
  call->quota_cost = 0;
  call->pace = NULL;
}

void ivs_call_free(ivs_call *call) {
  ivs_request_free(&call->request);
  ivs_response_free(&call->response);
  ivs_response_free(&call->previous);
  ivs_failure_free(&call->failure);
  ivs_buffer_free(&call->secrets);
}

void ivs_call_write_uuid(char out[37], const unsigned char random[16]) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < 16; i++) {
    unsigned char byte = random[i];
    if (i == 6) byte = (unsigned char)(0x40 | (byte & 0x0f));
    if (i == 8) byte = (unsigned char)(0x80 | (byte & 0x3f));
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
  }
  *out = '\0';
}

/* status: the result of writing the body. */
static void begin(ivs_call *call, const ivs_operation *operation, int status, ivs_slice arn,
                  const unsigned char random[16]) {
  call->operation = operation;
  ivs_call_write_uuid(call->invocation_id, random);
  if (!status) {
    call->endpoint = ivs_client_resolve_endpoint(call->client, arn, &call->own_endpoint, &call->failure);
    if (call->endpoint) return;
  } else if (status == IVS_ETOOBIG) {
    ivs_failure_format(
        &call->failure, IVS_KIND_PARAMS, "ParamValidationError",
        "Parameter validation failed:\nInvalid length for input: larger than a request may be");
  } else if (status == IVS_EINVAL) {
    ivs_failure_format(&call->failure, IVS_KIND_PARAMS, "ParamValidationError",
                       "Parameter validation failed:\nInvalid value for input: it is not valid UTF-8");
  } else {
    ivs_failure_from_status(&call->failure, status, "building the request");
  }
  enter(call, GAVE_UP);
}

void ivs_call_begin(ivs_call *call, const ivs_operation *operation, ivs_slice body, ivs_slice arn,
                    const unsigned char random[16]) {
  begin(call, operation, ivs_buffer_set(&call->request.body, body.data, body.length), arn, random);
}

void ivs_call_begin_with_arguments(ivs_call *call, const ivs_operation *operation,
                                   const ivs_argument *arguments, const unsigned char random[16]) {
  ivs_slice arn = {NULL, 0};
  for (size_t i = 0; operation->parameters[i].name; i++)
    if (arguments[i].is_given && strcmp(operation->parameters[i].name, "arn") == 0) arn = arguments[i].text;
  begin(call, operation, ivs_operation_write_body(&call->request.body, operation, arguments), arn, random);
}

int ivs_call_add_secret(ivs_call *call, ivs_slice secret) {
  return ivs_redaction_add(&call->secrets, secret);
}

/* ---- the rules: from a report to an event ---- */

/* Takes one token from each limit that applies to the call and returns 0. If a limit has none, takes none and
 * returns the seconds to wait before the next try. */
static double take_token(ivs_call *call, double now) {
  ivs_retry *policy = &call->client->retry;
  const bool is_adaptive = policy->mode == IVS_RETRY_ADAPTIVE;
  double wait = is_adaptive ? ivs_rate_wait(&policy->rate, now) : 0;
  if (call->pace) wait = fmax(wait, ivs_pace_wait(call->pace, now));
  if (wait > 0) return wait;
  if (is_adaptive) ivs_rate_spend(&policy->rate);
  if (call->pace) ivs_pace_spend(call->pace);
  return 0;
}

static void authenticate(ivs_call *call, double now) {
  const ivs_credentials *credentials = &call->client->credentials;
  const double service_now = now + call->client->clock_offset;
  /* Requests credentials once for each attempt, and again if they have expired while the attempt waited for
   * its pace. */
  const bool has_asked = call->has_requested_credentials && ivs_credentials_valid(credentials, service_now);
  if (call->operation->signing_service && !has_asked &&
      ivs_credentials_needs_refresh(credentials, service_now)) {
    enter(call, UNAUTHENTICATED);
    return;
  }
  call->delay = take_token(call, now);
  call->is_pacing = call->delay > 0;
  if (call->is_pacing) {
    enter(call, PACED);
    return;
  }
  call->is_built = call->has_requested_credentials = false;
  enter(call, AUTHENTICATED);
}

static bool retry(ivs_call *call, enum ivs_retry_cause cause, double now, double random) {
  ivs_retry *policy = &call->client->retry;
  if (cause == IVS_RETRY_CAUSE_NONE) return false;
  call->failure.retryable = true;
  if (call->attempts >= policy->max_attempts || !ivs_retry_acquire(policy, cause, &call->quota_cost))
    return false;
  call->delay = ivs_retry_delay(policy, cause, call->attempts, random, &call->response, now);
  return true;
}

static void observe(ivs_call *call, enum ivs_retry_cause cause, double now) {
  ivs_retry *policy = &call->client->retry;
  if (policy->mode == IVS_RETRY_ADAPTIVE)
    ivs_rate_observe(&policy->rate, cause == IVS_RETRY_CAUSE_THROTTLING, now);
  if (call->pace) ivs_pace_observe(call->pace, cause == IVS_RETRY_CAUSE_THROTTLING, now);
}

/* After a failed attempt: retries or gives up. */
static void decide(ivs_call *call, enum ivs_retry_cause cause, double now, double random) {
  observe(call, cause, now);
  /* Correct the clock offset first: with the same offset the service would reject the request again. */
  enter(call, ivs_skew_correct(call) || retry(call, cause, now, random) ? RETRIED : GAVE_UP);
}

static void use_credentials(ivs_call *call, double now) {
  call->has_requested_credentials = true;
  if (ivs_credentials_valid(&call->client->credentials, now + call->client->clock_offset)) {
    authenticate(call, now);
    return;
  }
  if (call->report == IVS_REPORT_CREDENTIALS)
    ivs_failure_format(
        &call->failure, IVS_KIND_CREDENTIALS, "CredentialRetrievalError",
        "The provided credentials have expired; renew them, or provide credentials that expire later.");
  enter(call, GAVE_UP);
}

/* Whether the service may have executed the request although there is no usable response. */
static bool may_have_been_executed(const ivs_call *call) {
  static const char *const unsent[] = {"EndpointConnectionError", "ConnectTimeoutError",
                                       "ProxyConnectionError"};
  for (size_t i = 0; i < sizeof unsent / sizeof *unsent; i++)
    if (strcmp(call->failure.code, unsent[i]) == 0) return false;
  return true;
}

/* After an attempt without a usable response: retries or gives up. */
static void decide_without_response(ivs_call *call, double now, double random) {
  const enum ivs_kind kind = call->failure.kind;
  bool is_transient = kind == IVS_KIND_CONNECTION || kind == IVS_KIND_TIMEOUT || kind == IVS_KIND_RESPONSE;
  if (!call->operation->is_idempotent && may_have_been_executed(call)) is_transient = false;
  decide(call, is_transient ? IVS_RETRY_CAUSE_TRANSIENT : IVS_RETRY_CAUSE_NONE, now, random);
}

static bool is_failure_report(enum ivs_report report) {
  return report == IVS_REPORT_NO_CREDENTIALS || report == IVS_REPORT_NO_RESPONSE ||
         report == IVS_REPORT_UNDECODABLE || report == IVS_REPORT_ERROR || report == IVS_REPORT_STOP;
}

/* Performs the transition for the owner's report. */
static void handle_report(ivs_call *call, double now, double random) {
  if (is_failure_report(call->report)) ivs_call_redact_failure(call);
  switch (call->report) {
  case IVS_REPORT_NONE:
    if (call->state == IVS_STEP_BEGUN) authenticate(call, now);
    break;
  case IVS_REPORT_CREDENTIALS:
  case IVS_REPORT_NO_CREDENTIALS:
    use_credentials(call, now);
    break;
  case IVS_REPORT_RESPONSE:
    ivs_skew_note_date(call, now);
    enter(call, ANSWERED);
    break;
  case IVS_REPORT_NO_RESPONSE:
    call->has_date = false;
    decide_without_response(call, now, random);
    break;
  case IVS_REPORT_RESULT:
    observe(call, IVS_RETRY_CAUSE_NONE, now);
    ivs_retry_release(&call->client->retry, call->quota_cost);
    enter(call, SUCCEEDED);
    break;
  case IVS_REPORT_UNDECODABLE:
    decide_without_response(call, now, random);
    break;
  case IVS_REPORT_ERROR:
    decide(call, ivs_call_classify(call), now, random);
    break;
  case IVS_REPORT_SLEPT:
    authenticate(call, now);
    break;
  case IVS_REPORT_STOP:
    enter(call, GAVE_UP);
    break;
  }
  call->report = IVS_REPORT_NONE;
}

static void keep_previous_response(ivs_call *call) {
  if (call->response.status) {
    ivs_response spare = call->previous;
    call->previous = call->response;
    call->response = spare;
  }
  ivs_response_reset(&call->response);
}

bool ivs_call_needs_random(const ivs_call *call) {
  return call->report == IVS_REPORT_NO_RESPONSE || call->report == IVS_REPORT_UNDECODABLE ||
         call->report == IVS_REPORT_ERROR;
}

enum ivs_step ivs_call_next(ivs_call *call, double now, double random) {
  handle_report(call, now, random);
  if (call->state == IVS_STEP_EXCHANGE && !call->is_built) {
    int status = ivs_attempt_build(call, now);
    if (status) {
      ivs_failure_from_status(&call->failure, status, "building the request");
      enter(call, GAVE_UP);
      return call->state;
    }
    keep_previous_response(call);
    call->offset = call->client->clock_offset;
    call->is_built = true;
    call->attempts++;
  }
  return call->state;
}

/* ---- reports ---- */

static int report(ivs_call *call, enum ivs_report what) {
  if (call->state == IVS_STEP_DONE || call->state == IVS_STEP_FAILED) return IVS_ESTATE;
  if (call->report != IVS_REPORT_NONE) return IVS_ESTATE;
  if (what != IVS_REPORT_STOP && call->state != expected_step[what]) return IVS_ESTATE;
  call->report = what;
  return IVS_OK;
}

static int report_failure(ivs_call *call, enum ivs_report what, enum ivs_kind kind, ivs_slice code,
                          ivs_slice message) {
  int status = report(call, what);
  if (status) return status;
  if (ivs_call_redact_is_needed(call, code)) code = ivs_text_slice(IVS_CALL_REDACT_CODE);
  ivs_failure_set(&call->failure, kind, code, message);
  return IVS_OK;
}

int ivs_call_credentials(ivs_call *call) {
  return report(call, IVS_REPORT_CREDENTIALS);
}

int ivs_call_no_credentials(ivs_call *call, enum ivs_kind kind, ivs_slice code, ivs_slice message) {
  return report_failure(call, IVS_REPORT_NO_CREDENTIALS, kind, code, message);
}

int ivs_call_response(ivs_call *call) {
  return report(call, IVS_REPORT_RESPONSE);
}

int ivs_call_no_response(ivs_call *call, enum ivs_kind kind, ivs_slice code, ivs_slice message) {
  return report_failure(call, IVS_REPORT_NO_RESPONSE, kind, code, message);
}

int ivs_call_no_response_as_set(ivs_call *call) {
  return report(call, IVS_REPORT_NO_RESPONSE);
}

int ivs_call_decoded(ivs_call *call) {
  return report(call, IVS_REPORT_RESULT);
}

int ivs_call_undecodable(ivs_call *call, ivs_slice message) {
  return report_failure(call, IVS_REPORT_UNDECODABLE, IVS_KIND_RESPONSE,
                        ivs_text_slice("ResponseParserError"), message);
}

int ivs_call_error(ivs_call *call, ivs_slice code, ivs_slice message, bool raw) {
  int status = report(call, IVS_REPORT_ERROR);
  if (status) return status;
  char number[12];
  int http = call->response.status;
  snprintf(number, sizeof number, "%d", http);
  ivs_slice header = ivs_response_header(&call->response, "x-amzn-errortype");
  const ivs_slice whole = header.length ? header : code;
  code = ivs_rest_json_plain_code(whole);
  if (!code.length || ivs_text_has_control(code) || ivs_call_redact_is_needed(call, whole))
    code = ivs_text_slice(number);
  ivs_slice body = {ivs_buffer_text(&call->response.body), call->response.body.length};
  if (raw && http >= 500 && ivs_rest_json_is_generic(body)) {
    code = ivs_text_slice(number);
    message = ivs_text_slice(ivs_rest_json_reason(http));
  } else if (raw) {
    message = body;
  }
  ivs_failure_set(&call->failure, IVS_KIND_SERVICE, code, message);
  return IVS_OK;
}

int ivs_call_slept(ivs_call *call) {
  return report(call, IVS_REPORT_SLEPT);
}

int ivs_call_stop(ivs_call *call) {
  return report(call, IVS_REPORT_STOP);
}

const char *ivs_step_name(enum ivs_step step) {
  static const char *const names[] = {
#define IVS_STEP_NAME(name, text) text,
      IVS_STEPS(IVS_STEP_NAME)
#undef IVS_STEP_NAME
  };
  return step < IVS_STEP_COUNT ? names[step] : "unknown";
}

bool ivs_call_is_success(const ivs_call *call) {
  return call->response.status >= 200 && call->response.status < 300;
}

const ivs_response *ivs_call_last_response(const ivs_call *call) {
  return call->response.status ? &call->response : &call->previous;
}

enum ivs_retry_cause ivs_call_classify(const ivs_call *call) {
  const char *code = call->failure.code;
  return ivs_retry_classify(&call->client->retry, call->response.status, code,
                            ivs_operation_is_transient(call->operation, code) ? code : NULL);
}

bool ivs_call_is_throttled(const ivs_call *call) {
  return call->failure.kind == IVS_KIND_SERVICE && call->response.status &&
         ivs_call_classify(call) == IVS_RETRY_CAUSE_THROTTLING;
}

bool ivs_call_reached_max(const ivs_call *call) {
  const ivs_retry *policy = &call->client->retry;
  /* In legacy mode only retryable errors count. */
  if (policy->mode == IVS_RETRY_LEGACY && !call->failure.retryable) return false;
  return call->attempts >= policy->max_attempts;
}
