/*
 * Runs the call machine with random events: valid and invalid reports, times that jump, all kinds of
 * responses; including the retry policy, the rate and the clock offset.
 *
 * Input: a few bytes for the client, then one byte for each event, which may use more bytes. Checks: final
 * states do not change; a rejected report changes nothing; attempts are bounded; delays are finite and not
 * negative; requests contain no CR or LF; the quota stays within its bounds; the transitions of call.h;
 * neither the failure nor, at the end, a header contains a part of a secret that a request of the call
 * contained.
 */
#include "core/call.h"
#include "core/status.h"
#include "fuzz.h"

#include <math.h>

typedef struct world {
  ivs_client client;
  ivs_call call;
  fuzz_input in;
  double now;
  int max_attempts;
  ivs_buffer secrets;  /* of the call's requests, each NUL-terminated */
  char scratch[10000]; /* a text with parts of them, as a server may return it */
} world;

static const ivs_slice none = {NULL, 0};

static const char *const codes[] = {"",
                                    "Throttling",
                                    "ThrottlingException",
                                    "SlowDown",
                                    "403",
                                    "RequestTimeTooSkewed",
                                    "AuthFailure",
                                    "ResourceNotFoundException",
                                    "RequestTimeout",
                                    "ns#InvalidSignatureException:http://x",
                                    "SignatureDoesNotMatch",
                                    "InternalServerException"};
static const int statuses[] = {0, 99, 200, 204, 299, 300, 400, 403, 404, 429, 500, 502, 503, 504, 999};
static const char *const header_names[] = {"date", "retry-after", "x-amz-retry-after", "age",
                                           "x-amzn-errortype"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Small and large steps, steps back, and invalid times. */
static void pass_time(world *w) {
  static const double steps[] = {0, 0.001, 0.5, 1, 60, 1e4, 1e9, -1, -1e9, 1e18};
  unsigned byte = fuzz_byte(&w->in);
  if (byte == 250)
    w->now = NAN;
  else if (byte == 251)
    w->now = INFINITY;
  else if (byte == 252)
    w->now = -INFINITY;
  else
    w->now += steps[byte % COUNT(steps)];
  if (byte >= 100 && byte < 150) w->now = 1.7e9;
}

static double draw(world *w) {
  return fuzz_byte(&w->in) / 256.0;
}

/* A text of up to 63 bytes of the input. */
static ivs_slice text(world *w) {
  size_t length = fuzz_byte(&w->in) % 64;
  if (length > w->in.left) length = w->in.left;
  ivs_slice out = {(const char *)w->in.data, length};
  w->in.data += length;
  w->in.left -= length;
  return length ? out : none;
}

enum { PART = 16 };

/* A text of the input, or one with parts of the sent secrets. A padding moves the parts to a cap. */
static ivs_slice answer(world *w) {
  static const size_t paddings[] = {
      0, 0, 1, 100, 120, IVS_FAILURE_MESSAGE_MAX - 40, IVS_FAILURE_MESSAGE_MAX - 8};
  unsigned byte = fuzz_byte(&w->in);
  if (byte < 100 || !w->secrets.length) return text(w);
  size_t length = paddings[byte % COUNT(paddings)];
  memset(w->scratch, 'E', length);
  for (unsigned pieces = fuzz_byte(&w->in) % 4; pieces; pieces--) {
    const size_t at = (fuzz_byte(&w->in) * 256 + fuzz_byte(&w->in)) % w->secrets.length;
    size_t size = fuzz_byte(&w->in) % 128;
    if (size > w->secrets.length - at) size = w->secrets.length - at;
    memcpy(w->scratch + length, w->secrets.data + at, size);
    length += size;
  }
  return (ivs_slice){w->scratch, length};
}

static void add_secret(world *w, ivs_slice secret) {
  REQUIRE(!ivs_buffer_add(&w->secrets, secret.data, secret.length) &&
          !ivs_buffer_add_byte(&w->secrets, '\0'));
}

/* Stores the secrets of the request that is being sent, and the secret access key. */
static void add_secrets(world *w) {
  static const char token[] = "X-Amz-Security-Token: ", signature[] = "Signature=";
  const ivs_buffer *key = &w->client.credentials.secret_access_key;
  const char *line, *found;
  add_secret(w, (ivs_slice){key->data, key->length});
  for (size_t at = 0; (line = ivs_request_next_header(&w->call.request, &at));) {
    if (strncmp(line, token, sizeof token - 1) == 0) add_secret(w, ivs_text_slice(line + sizeof token - 1));
    if ((found = strstr(line, signature))) add_secret(w, ivs_text_slice(found + sizeof signature - 1));
  }
}

static void check_redacted(const world *w, ivs_slice text) {
  for (size_t i = 0; i + PART <= text.length; i++)
    REQUIRE(memchr(text.data + i, '\0', PART) || !w->secrets.length ||
            !memmem(w->secrets.data, w->secrets.length, text.data + i, PART));
}

static void check_failure(const world *w) {
  const ivs_failure *failure = &w->call.failure;
  check_redacted(w, ivs_text_slice(failure->code));
  check_redacted(w, (ivs_slice){ivs_buffer_text(&failure->message), failure->message.length});
  REQUIRE(failure->message.length <= IVS_FAILURE_MESSAGE_MAX);
}

static void check_headers(const world *w, const ivs_response *response) {
  ivs_slice name, value;
  for (size_t at = 0; ivs_response_next_header(response, &at, &name, &value);) {
    check_redacted(w, name);
    check_redacted(w, value);
  }
}

static void set_credentials(world *w) {
  unsigned byte = fuzz_byte(&w->in);
  double expiration = byte & 1 ? 0 : w->now + (byte & 2 ? 7200 : byte & 4 ? 60 : -60);
  if (!(expiration >= 0)) expiration = 0;
  ivs_slice token = byte & 8 ? text(w) : none;
  if (byte & 16) token = ivs_text_slice(byte & 32 ? "IQoJb3JpZ2luX2VjEXAMPLEtokenAoGBAMw==" : "Resource");
  ivs_credentials_set(&w->client.credentials, ivs_text_slice("AKID"),
                      ivs_text_slice("wJalrXUtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY"), token, expiration);
}

static void fill_response(world *w) {
  ivs_response *response = &w->call.response;
  response->status = statuses[fuzz_byte(&w->in) % COUNT(statuses)];
  unsigned headers = fuzz_byte(&w->in) % 4;
  while (headers--) {
    unsigned which = fuzz_byte(&w->in);
    ivs_slice value = which & 64 ? ivs_text_slice("Tue, 14 Nov 2023 22:13:20 GMT") : answer(w);
    ivs_slice name = which & 128 ? answer(w) : ivs_text_slice(header_names[which % COUNT(header_names)]);
    ivs_response_add_header(response, name, which & 128 ? none : value);
  }
  ivs_slice body = answer(w);
  ivs_buffer_set(&response->body, body.data, body.length);
}

static void check_request(const ivs_call *call) {
  const char *line;
  size_t lines = 0;
  for (size_t at = 0; (line = ivs_request_next_header(&call->request, &at)); lines++) {
    REQUIRE(strstr(line, ": ") && !strpbrk(line, "\r\n"));
    REQUIRE(at <= call->request.headers.length);
  }
  REQUIRE(lines >= 6);
  REQUIRE(strncmp(ivs_buffer_text(&call->request.url), "http", 4) == 0);
  REQUIRE(!strpbrk(ivs_buffer_text(&call->request.url), "\r\n "));
  REQUIRE(call->response.status == 0 && call->response.headers.length == 0 &&
          call->response.body.length == 0);
}

static bool is_final(enum ivs_step step) {
  return step == IVS_STEP_DONE || step == IVS_STEP_FAILED;
}

/* The table of call.h. */
static bool may_follow(enum ivs_step from, enum ivs_step to) {
  if (from == to || to == IVS_STEP_FAILED) return true;
  switch (from) {
  case IVS_STEP_BEGUN:
    return to == IVS_STEP_EXCHANGE || to == IVS_STEP_CREDENTIALS || to == IVS_STEP_SLEEP;
  case IVS_STEP_CREDENTIALS:
    return to == IVS_STEP_EXCHANGE || to == IVS_STEP_SLEEP;
  case IVS_STEP_EXCHANGE:
    return to == IVS_STEP_DECODE || to == IVS_STEP_SLEEP;
  case IVS_STEP_DECODE:
    return to == IVS_STEP_DONE || to == IVS_STEP_SLEEP;
  case IVS_STEP_SLEEP:
    return to == IVS_STEP_EXCHANGE || to == IVS_STEP_CREDENTIALS;
  default:
    return false;
  }
}

static void check(const world *w, enum ivs_step before, enum ivs_step step) {
  const ivs_call *call = &w->call;
  REQUIRE(step != IVS_STEP_BEGUN && may_follow(before, step));
  REQUIRE(call->attempts >= 0 &&
          call->attempts <= w->max_attempts + 1); /* one more to correct the clock offset */
  REQUIRE(isfinite(call->delay) && call->delay >= 0);
  REQUIRE(w->client.retry.quota >= 0 && w->client.retry.quota <= 500);
  REQUIRE(isfinite(w->client.clock_offset));
  const ivs_bucket *bucket = &w->client.retry.rate.bucket;
  REQUIRE(isfinite(bucket->rate) && bucket->rate >= 0.5);
  REQUIRE(bucket->tokens >= 0 && bucket->tokens <= bucket->capacity);
  if (step == IVS_STEP_EXCHANGE) check_request(call);
  if (step == IVS_STEP_SLEEP && !call->is_pacing) check_failure(w);
  if (step != IVS_STEP_FAILED) return;
  REQUIRE(call->failure.code[0]);
  check_failure(w);
  check_headers(w, &call->response);
  check_headers(w, &call->previous);
  REQUIRE(!call->request.headers.length && !call->secrets.length);
}

static enum ivs_step next(world *w) {
  enum ivs_step before = w->call.state;
  int attempts = w->call.attempts;
  double random = draw(w);
  enum ivs_step step = ivs_call_next(&w->call, w->now, random);
  if (step == IVS_STEP_EXCHANGE) add_secrets(w);
  check(w, before, step);
  if (is_final(before)) REQUIRE(step == before && attempts == w->call.attempts);
  REQUIRE(ivs_call_next(&w->call, w->now, random) == step); /* without a report: the same step */
  check(w, step, step);
  return step;
}

/* A code as drivers report it: not empty, without control characters. */
static ivs_slice error_code(world *w) {
  static char kept[sizeof((world *)0)->scratch]; /* a copy: the message also uses scratch */
  const ivs_slice code = answer(w);
  if (code.length) memcpy(kept, code.data, code.length);
  return code.length && !ivs_text_has_control(code) ? (ivs_slice){kept, code.length}
                                                    : ivs_text_slice("HTTPClientError");
}

/* Sends one report. The machine must accept it if and only if it matches the step. */
static void report(world *w, unsigned which) {
  ivs_call *call = &w->call;
  const enum ivs_step state = call->state;
  const bool waiting = call->report == IVS_REPORT_NONE && !is_final(state);
  const size_t message = call->failure.message.length;
  const double delay = call->delay;
  const enum ivs_kind kind = (enum ivs_kind)(fuzz_byte(&w->in) % IVS_KIND_COUNT);
  enum ivs_step fits;
  int status;
  switch (which % 9) {
  case 0:
    fits = IVS_STEP_CREDENTIALS;
    if (state == fits) set_credentials(w);
    status = ivs_call_credentials(call);
    break;
  case 1:
    fits = IVS_STEP_CREDENTIALS;
    status = ivs_call_no_credentials(call, kind, ivs_text_slice("CredentialRetrievalError"), answer(w));
    break;
  case 2:
    fits = IVS_STEP_EXCHANGE;
    if (waiting && state == fits) fill_response(w);
    status = ivs_call_response(call);
    break;
  case 3:
    fits = IVS_STEP_EXCHANGE;
    status = ivs_call_no_response(
        call, kind, which & 64 ? error_code(w) : ivs_text_slice("EndpointConnectionError"), answer(w));
    break;
  case 4:
    fits = IVS_STEP_DECODE;
    status = ivs_call_decoded(call);
    break;
  case 5:
    fits = IVS_STEP_DECODE;
    status = ivs_call_undecodable(call, answer(w));
    break;
  case 6: {
    fits = IVS_STEP_DECODE;
    unsigned byte = fuzz_byte(&w->in);
    ivs_slice code = byte & 128 ? error_code(w) : ivs_text_slice(codes[byte % COUNT(codes)]);
    status = ivs_call_error(call, code, answer(w), byte & 64);
    break;
  }
  case 7:
    fits = IVS_STEP_SLEEP;
    status = ivs_call_slept(call);
    break;
  default:
    fits = state;
    if (waiting) ivs_failure_set(&call->failure, kind, ivs_text_slice("CancelledError"), answer(w));
    status = ivs_call_stop(call);
    break;
  }
  REQUIRE(status == (waiting && state == fits ? IVS_OK : IVS_ESTATE));
  REQUIRE(call->state == state && call->delay == delay);
  if (status) REQUIRE(call->failure.message.length == message);
}

static void make_client(world *w) {
  ivs_failure failure;
  ivs_failure_init(&failure);
  ivs_client_init(&w->client);
  unsigned flags = fuzz_byte(&w->in);
  int given = (int)(fuzz_byte(&w->in) % 8);
  const ivs_client_settings settings = {
      .region = flags & 1 ? ivs_text_slice("us-west-2") : none,
      .endpoint_url = flags & 2 ? text(w) : none,
      .retry_mode = (enum ivs_retry_mode)(flags / 4 % 3),
      .max_attempts = given,
      .connect_timeout = 60,
      .read_timeout = 60,
      .user_agent = flags & 16 ? text(w) : ivs_text_slice("Boto3/1"),
      .trace_id = flags & 32 ? text(w) : none,
  };
  if (ivs_client_open(&w->client, &settings, w->now, &failure)) {
    REQUIRE(failure.code[0]);
    ivs_client_close(&w->client);
    ivs_client_init(&w->client);
    const ivs_client_settings plain = {
        .region = ivs_text_slice("us-west-2"), .retry_mode = settings.retry_mode, .max_attempts = given};
    REQUIRE(ivs_client_open(&w->client, &plain, w->now, &failure) == IVS_OK);
  }
  w->max_attempts = w->client.retry.max_attempts;
  ivs_failure_free(&failure);
  if (flags & 64) set_credentials(w);
}

/* An operation that is not idempotent. */
static const ivs_operation_error no_errors[] = {{NULL, false}};
static const ivs_operation changing = {
    .name = "Change", .path = "/", .content_type = "a/b", .signing_service = "ivs", .errors = no_errors};

static void begin(world *w) {
  static const unsigned char random[16] = {1, 2, 3};
  ivs_call_reset(&w->call);
  ivs_buffer_reset(&w->secrets);
  unsigned byte = fuzz_byte(&w->in);
  const ivs_slice arn = ivs_text_slice("arn:aws:ivs:eu-west-1:1:recording-configuration/A");
  const ivs_argument list[] = {{.is_given = byte & 4, .text = ivs_text_slice("t")},
                               {.is_given = byte & 8, .number = 5}};
  const ivs_argument get = {.is_given = true, .text = byte & 1 ? text(w) : arn};
  if (byte & 16)
    ivs_call_begin(&w->call, &changing, ivs_text_slice("{}"), arn, random);
  else if (byte & 2)
    ivs_call_begin_with_arguments(&w->call, &ivs_operation_list_recording_configurations, list, random);
  else
    ivs_call_begin_with_arguments(&w->call, &ivs_operation_get_recording_configuration, &get, random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  world w = {.in = {data, size}, .now = 1.7e9};
  ivs_buffer_init(&w.secrets, 1024 * 1024);
  make_client(&w);
  ivs_call_init(&w.call, &w.client, 64);
  begin(&w);
  while (w.in.left) {
    unsigned event = fuzz_byte(&w.in);
    if (event < 128)
      report(&w, event);
    else if (event < 200)
      next(&w);
    else if (event < 230)
      pass_time(&w);
    else if (event < 240)
      begin(&w);
    else
      set_credentials(&w);
  }
  /* Stopping the call must lead to a final state. */
  for (int i = 0; i < 2; i++) { /* twice: a pending report is handled first */
    if (!is_final(w.call.state) && w.call.report == IVS_REPORT_NONE)
      ivs_failure_format(&w.call.failure, IVS_KIND_CANCELLED, "CancelledError", "stopped");
    ivs_call_stop(&w.call);
    next(&w);
  }
  REQUIRE(is_final(w.call.state));
  ivs_call_free(&w.call);
  ivs_client_close(&w.client);
  ivs_buffer_free(&w.secrets);
  return 0;
}
