/*
 * One call as a state machine that does no I/O.
 *
 * Theory of operation. The call is pulled: the owner of the loop calls ivs_call_next to get a step, carries
 * it out, reports the result, and calls ivs_call_next again. Time and randomness are arguments of
 * ivs_call_next and are read nowhere else, so a test can reach each path. Without a report ivs_call_next
 * returns the same step again. A report that does not match the step is rejected with IVS_ESTATE and changes
 * nothing. DONE and FAILED are final: the request is wiped. A FAILED call contains no secret of its requests:
 * the failure and the headers are redacted (redaction.h), the bodies are wiped.
 *
 *   step           what the owner does                          what it reports
 *   CREDENTIALS    gets credentials from its provider           ivs_call_credentials, ivs_call_no_credentials
 *   EXCHANGE       sends call->request, fills call->response    ivs_call_response, ivs_call_no_response
 *   DECODE         decodes the body of call->response           ivs_call_decoded, …_undecodable, …_error
 *   SLEEP          waits for call->delay seconds                ivs_call_slept
 *   DONE           returns the decoded result to the caller
 *   FAILED         returns call->failure to the caller
 *
 * ivs_call_stop may be reported at any step that is not final, for example when the client is closed.
 *
 *   state        event           next
 *   BEGUN        AUTHENTICATED   EXCHANGE       usable credentials, or an unsigned operation
 *   BEGUN        UNAUTHENTICATED CREDENTIALS
 *   BEGUN        PACED           SLEEP          the adaptive mode's rate or the call's pace has no token yet
 *   CREDENTIALS  AUTHENTICATED   EXCHANGE
 *   CREDENTIALS  PACED           SLEEP
 *   EXCHANGE     ANSWERED        DECODE
 *   EXCHANGE     RETRIED         SLEEP
 *   DECODE       SUCCEEDED       DONE
 *   DECODE       RETRIED         SLEEP
 *   SLEEP        AUTHENTICATED   EXCHANGE       each attempt is signed again
 *   SLEEP        UNAUTHENTICATED CREDENTIALS    the credentials have expired in the meantime
 *   SLEEP        PACED           SLEEP
 *   any of them  GAVE_UP         FAILED
 */
#ifndef IVS_CORE_CALL_H
#define IVS_CORE_CALL_H

#include "client.h"
#include "message.h"
#include "operation.h"
#include "pace.h"
#include "redaction.h"

#define IVS_STEPS(X)                                                                                         \
  X(BEGUN, "begun")                                                                                          \
  X(CREDENTIALS, "credentials")                                                                              \
  X(EXCHANGE, "exchange")                                                                                    \
  X(DECODE, "decode")                                                                                        \
  X(SLEEP, "sleep")                                                                                          \
  X(DONE, "done")                                                                                            \
  X(FAILED, "failed")

/* The states. All of them are steps, except BEGUN, which ivs_call_next never returns. */
enum ivs_step {
#define IVS_STEP_ENUM(name, text) IVS_STEP_##name,
  IVS_STEPS(IVS_STEP_ENUM)
#undef IVS_STEP_ENUM
      IVS_STEP_COUNT
};

/* The owner's last report. */
enum ivs_report {
  IVS_REPORT_NONE,
  IVS_REPORT_CREDENTIALS,
  IVS_REPORT_NO_CREDENTIALS,
  IVS_REPORT_RESPONSE,
  IVS_REPORT_NO_RESPONSE,
  IVS_REPORT_RESULT,
  IVS_REPORT_UNDECODABLE,
  IVS_REPORT_ERROR,
  IVS_REPORT_SLEPT,
  IVS_REPORT_STOP
};

typedef struct ivs_call {
  ivs_client *client; /* not owned; must outlive the call's steps */
  const ivs_operation *operation;
  const ivs_endpoint *endpoint;
  ivs_endpoint own_endpoint;
  ivs_pace *pace;        /* not owned; NULL: none. Set after ivs_call_begin by drivers that run many calls */
  ivs_request request;   /* complete while the step is EXCHANGE */
  ivs_response response; /* of this attempt; filled by the driver */
  ivs_response previous; /* of an earlier attempt; status 0: none */
  ivs_failure failure;   /* of the last attempt; final when FAILED */
  int attempts;          /* requests sent */
  double delay;          /* seconds, while the step is SLEEP */

  /* private to call.c and attempt.c */
  enum ivs_step state;
  enum ivs_report report;
  ivs_buffer secrets;             /* the secrets in the call's requests */
  bool is_built;                  /* the request of this attempt is built and signed */
  bool has_requested_credentials; /* in this attempt */
  bool is_resent;                 /* once already, to correct the clock offset */
  bool is_pacing;                 /* the sleep is for a token, not before a retry */
  double offset;                  /* the client's clock offset that this attempt was signed with */
  int quota_cost;                 /* of the last retry; a success returns it to the quota */
  double date_lead;               /* the last response's Date minus our time */
  bool has_date;
  char invocation_id[37];
} ivs_call;

/* Initializes a call; allocates nothing. max_response_bytes caps the body. */
void ivs_call_init(ivs_call *call, ivs_client *client, size_t max_response_bytes);
/* Wipes the content for the next call, keeps the memory. */
void ivs_call_reset(ivs_call *call);
void ivs_call_free(ivs_call *call);

/*
 * Begins a call of the operation, which must outlive the call's steps. body: copied; may be part of
 * call->request.body. arn: the resource; if the client has no region, the ARN's region is used. Empty: the
 * client must have a region. random: for the invocation id. After a failure (no region, a body that is too
 * large) the next step is FAILED.
 */
void ivs_call_begin(ivs_call *call, const ivs_operation *operation, ivs_slice body, ivs_slice arn,
                    const unsigned char random[16]);
/* The same, with a body that is written from arguments (operation.h). The parameter `arn` names the
 * resource. */
void ivs_call_begin_with_arguments(ivs_call *call, const ivs_operation *operation,
                                   const ivs_argument *arguments, const unsigned char random[16]);

/* Adds a secret of the body, which messages must not show. To be called before the first step. IVS_OK,
 * IVS_ENOMEM, IVS_ETOOBIG. */
int ivs_call_add_secret(ivs_call *call, ivs_slice secret);

/* Whether the next ivs_call_next may compute a retry delay. Otherwise it does not read `random`. */
bool ivs_call_needs_random(const ivs_call *call);

/* The step to carry out. now: seconds since 1970. random: in [0, 1). */
enum ivs_step ivs_call_next(ivs_call *call, double now, double random);

/* Reports: IVS_OK or IVS_ESTATE. */
/* The client's credentials have been set (client->credentials). */
int ivs_call_credentials(ivs_call *call);
/* The provider returned no credentials. The call uses the old ones if they are still valid; else it fails. */
int ivs_call_no_credentials(ivs_call *call, enum ivs_kind kind, ivs_slice code, ivs_slice message);
/* call->response is complete. */
int ivs_call_response(ivs_call *call);
/* There is no usable response. The kinds connection, timeout and response are retryable. */
int ivs_call_no_response(ivs_call *call, enum ivs_kind kind, ivs_slice code, ivs_slice message);
/* The same; the driver has set call->failure itself. */
int ivs_call_no_response_as_set(ivs_call *call);
/* A 2xx body has been decoded. */
int ivs_call_decoded(ivs_call *call);
/* A 2xx body cannot be decoded. */
int ivs_call_undecodable(ivs_call *call, ivs_slice message);
/* An error body has been decoded as far as possible. A slice's data is NULL if the body has no such member.
 * raw: the body is not JSON. */
int ivs_call_error(ivs_call *call, ivs_slice code, ivs_slice message, bool raw);
int ivs_call_slept(ivs_call *call);
/* The owner ends the call and has set call->failure. */
int ivs_call_stop(ivs_call *call);

/* Writes 16 random bytes as a UUID of version 4 (RFC 9562, 5.4). */
void ivs_call_write_uuid(char out[37], const unsigned char random[16]);

const char *ivs_step_name(enum ivs_step step);
/* The last response of any attempt; its status is 0 if there is none. */
const ivs_response *ivs_call_last_response(const ivs_call *call);
/* The response's status is 2xx. */
bool ivs_call_is_success(const ivs_call *call);
/* Classifies the last response, an error, by its status, the failure's code and the client's retry mode. */
enum ivs_retry_cause ivs_call_classify(const ivs_call *call);
/* Whether the call failed because the service throttled its last attempt. */
bool ivs_call_is_throttled(const ivs_call *call);
/* boto3's "reached max retries": all allowed attempts have been made. */
bool ivs_call_reached_max(const ivs_call *call);

#endif
