/* The retry modes' tables and arithmetic. */
#include "retry.h"
#include "timestamp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { QUOTA = 500, COST = 14, THROTTLING_COST = 5 };
static const double BASE = 0.05, THROTTLING_BASE = 1, CEILING = 20, HINT_ABOVE = 5;

static const char *const throttling_codes[] = {"Throttling",
                                               "ThrottlingException",
                                               "ThrottledException",
                                               "RequestThrottledException",
                                               "TooManyRequestsException",
                                               "ProvisionedThroughputExceededException",
                                               "TransactionInProgressException",
                                               "RequestLimitExceeded",
                                               "BandwidthLimitExceeded",
                                               "LimitExceededException",
                                               "RequestThrottled",
                                               "SlowDown",
                                               "PriorRequestNotComplete",
                                               "EC2ThrottledException",
                                               NULL};
/* botocore's _retry.json; they apply only to status 400. */
static const char *const legacy_codes[] = {"Throttling",
                                           "ThrottlingException",
                                           "ThrottledException",
                                           "RequestThrottledException",
                                           "ProvisionedThroughputExceededException",
                                           NULL};
static const char *const transient_codes[] = {"RequestTimeout", "RequestTimeoutException", NULL};
static const int standard_statuses[] = {500, 502, 503, 504, 0};
static const int legacy_statuses[] = {500, 502, 503, 504, 509, 0}; /* and 429 */

static const struct {
  const char *name;
  int attempts;
} modes[] = {
#define IVS_RETRY_MODE_ROW(name, text, attempts) {text, attempts},
    IVS_RETRY_MODES(IVS_RETRY_MODE_ROW)
#undef IVS_RETRY_MODE_ROW
};

void ivs_retry_init(ivs_retry *retry, enum ivs_retry_mode mode, int max_attempts, double now) {
  retry->mode = mode;
  retry->max_attempts = max_attempts ? max_attempts : modes[mode].attempts;
  retry->quota = QUOTA;
  ivs_rate_init(&retry->rate, now);
}

bool ivs_retry_mode_from_name(ivs_slice name, enum ivs_retry_mode *out) {
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (ivs_text_equal(name, modes[i].name)) {
      *out = (enum ivs_retry_mode)i;
      return true;
    }
  return false;
}

static bool has_code(const char *const *codes, const char *code) {
  for (; *codes; codes++)
    if (strcmp(*codes, code) == 0) return true;
  return false;
}

static bool has_status(const int *statuses, int status) {
  for (; *statuses; statuses++)
    if (*statuses == status) return true;
  return false;
}

/* A 429 response without a code, as API gateways send it. */
static bool is_bare_429(int status, const char *code) {
  return status == 429 && (!code[0] || strcmp(code, "429") == 0);
}

static enum ivs_retry_cause classify_legacy(int status, const char *code, bool is_own) {
  bool is_throttling = status == 400 ? has_code(legacy_codes, code) : status == 429;
  if (is_throttling) return IVS_RETRY_CAUSE_THROTTLING;
  if (has_status(legacy_statuses, status) || (status == 400 && is_own)) return IVS_RETRY_CAUSE_TRANSIENT;
  return IVS_RETRY_CAUSE_NONE;
}

enum ivs_retry_cause ivs_retry_classify(const ivs_retry *retry, int status, const char *code,
                                        const char *own_code) {
  bool is_own = own_code && strcmp(own_code, code) == 0;
  if (retry->mode == IVS_RETRY_LEGACY) return classify_legacy(status, code, is_own);
  if (has_code(throttling_codes, code) || is_bare_429(status, code)) return IVS_RETRY_CAUSE_THROTTLING;
  if (is_own || has_code(transient_codes, code) || has_status(standard_statuses, status))
    return IVS_RETRY_CAUSE_TRANSIENT;
  return IVS_RETRY_CAUSE_NONE;
}

bool ivs_retry_acquire(ivs_retry *retry, enum ivs_retry_cause cause, int *cost) {
  if (retry->mode == IVS_RETRY_LEGACY) return true;
  int wanted = cause == IVS_RETRY_CAUSE_THROTTLING ? THROTTLING_COST : COST;
  if (wanted > retry->quota) return false;
  retry->quota -= wanted;
  *cost = wanted;
  return true;
}

void ivs_retry_release(ivs_retry *retry, int cost) {
  int total = retry->quota + (cost ? cost : 1);
  retry->quota = total < QUOTA ? total : QUOTA;
}

/*
 * Parses a whole number like Python's int(), which botocore uses for the hint: a sign, digits, single
 * underscores between digits. False for anything else, for a negative number and for one that is too large
 * for a double.
 */
static bool read_whole(ivs_slice text, double *out) {
  double number = 0;
  bool was_digit = false, is_negative = false;
  size_t at = 0;
  text = ivs_text_trim(text);
  if (text.length && (text.data[0] == '+' || text.data[0] == '-')) is_negative = text.data[at++] == '-';
  for (; at < text.length; at++) {
    bool is_digit = ivs_text_is_digit(text.data[at]);
    if (!is_digit && (text.data[at] != '_' || !was_digit)) return false;
    if (is_digit) number = number * 10 + (text.data[at] - '0');
    was_digit = is_digit;
  }
  *out = number;
  return was_digit && isfinite(number) && !(is_negative && number > 0);
}

/* The server's hint in seconds; negative if there is none. */
static double retry_after_hint(const ivs_response *response, double now) {
  double number, date;
  uint64_t seconds;
  ivs_slice value = ivs_response_header(response, "x-amz-retry-after");
  if (value.data && read_whole(value, &number)) return number / 1000;
  if (response->status != 429 && response->status != 503) return -1;
  value = ivs_response_header(response, "retry-after");
  if (!value.data) return -1;
  if (ivs_text_number(value, &seconds)) return (double)seconds; /* RFC 9110, 10.2.3 */
  return ivs_timestamp_parse_http(value, &date) && date > now ? date - now : -1;
}

double ivs_retry_delay(const ivs_retry *retry, enum ivs_retry_cause cause, int n, double random,
                       const ivs_response *response, double now) {
  if (retry->mode == IVS_RETRY_LEGACY) return random * ldexp(1, n < 32 ? n - 1 : 31);
  double base = cause == IVS_RETRY_CAUSE_THROTTLING ? THROTTLING_BASE : BASE;
  double delay = random * fmin(ldexp(base, n < 32 ? n - 1 : 31), CEILING);
  double wanted = response->status ? retry_after_hint(response, now) : -1;
  if (wanted > delay) delay = fmin(wanted, delay + HINT_ABOVE);
  return delay;
}
