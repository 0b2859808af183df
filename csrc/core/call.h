/*
 * One call as a state machine that does no I/O.
 *
 * Theory of operation. The call is pulled: the owner of the loop asks ivs_call_next what to do, does it,
 * reports what happened, and asks again. Time and randomness are arguments of ivs_call_next and are read
 * nowhere else, so each path can be walked in a test. Asking twice without a report gives the same step. A
 * report that does not fit the step is refused with IVS_ESTATE and changes nothing. DONE and FAILED are
 * final: the request is wiped, and a FAILED call holds no secret that a request of it was sent with: neither the
 * failure nor the headers do (redaction.h), and the bodies are wiped.
 *
 *   step           what the owner does                          what it reports
 *   CREDENTIALS    asks its provider for credentials            ivs_call_credentials, ivs_call_no_credentials
 *   EXCHANGE       sends call->request, fills call->response    ivs_call_response, ivs_call_fault
 *   DECODE         reads the body of call->response             ivs_call_decoded, …_undecodable, …_error
 *   SLEEP          waits for call->delay seconds                ivs_call_slept
 *   DONE           hands the decoded result to the caller
 *   FAILED         hands call->failure to the caller
 *
 * ivs_call_stop may be reported at any step that is not final (a closed client, a caller who gave up).
 *
 *   state        event           next
 *   BEGUN        AUTHENTICATED   EXCHANGE       usable credentials, or an unsigned operation
 *   BEGUN        UNAUTHENTICATED CREDENTIALS
 *   BEGUN        PACED           SLEEP          no token yet, of the adaptive mode or of the call's pace
 *   CREDENTIALS  AUTHENTICATED   EXCHANGE
 *   CREDENTIALS  PACED           SLEEP
 *   EXCHANGE     ANSWERED        DECODE
 *   EXCHANGE     RETRIED         SLEEP
 *   DECODE       SUCCEEDED       DONE
 *   DECODE       RETRIED         SLEEP
 *   SLEEP        AUTHENTICATED   EXCHANGE       signed anew
 *   SLEEP        UNAUTHENTICATED CREDENTIALS    the credentials expired meanwhile
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

/* The states; all but BEGUN, which ivs_call_next never answers, are steps. */
enum ivs_step {
#define IVS_STEP_ENUM(name, text) IVS_STEP_##name,
  IVS_STEPS(IVS_STEP_ENUM)
#undef IVS_STEP_ENUM
      IVS_STEP_COUNT
};

/* What the owner reported last. */
enum ivs_report {
  IVS_REPORT_NONE,
  IVS_REPORT_CREDENTIALS,
  IVS_REPORT_NO_CREDENTIALS,
  IVS_REPORT_RESPONSE,
  IVS_REPORT_FAULT,
  IVS_REPORT_RESULT,
  IVS_REPORT_UNDECODABLE,
  IVS_REPORT_ERROR,
  IVS_REPORT_SLEPT,
  IVS_REPORT_STOP
};

typedef struct ivs_call {
  ivs_client *client; /* not owned; has to outlive the call's steps */
  const ivs_operation *operation;
  const ivs_endpoint *endpoint;
  ivs_endpoint own_endpoint;
  ivs_pace *pace;        /* not owned; NULL: none. Set after ivs_call_begin by who runs many calls */
  ivs_request request;   /* complete while the step is EXCHANGE */
  ivs_response response; /* of this attempt; filled by the driver */
  ivs_response previous; /* the last one before it; status 0: none */
  ivs_failure failure;   /* of the last attempt; final when FAILED */
  int attempts;          /* requests sent */
  double delay;          /* seconds, while the step is SLEEP */

  /* private to call.c and attempt.c */
  enum ivs_step state;
  enum ivs_report report;
  ivs_buffer secrets; /* what the call's requests were sent with */
  bool built;         /* the request of this attempt is signed */
  bool asked;         /* credentials have been asked for in this attempt */
  bool resent;        /* the clock has been set right once */
  bool pacing;        /* the sleep is for a token, not before a retry */
  double offset;      /* the client's clock offset that this attempt was signed with */
  int quota_cost;     /* taken for the last retry, to be given back */
  double date_lead;   /* the last response's Date minus our time */
  bool has_date;
  char invocation_id[37];
} ivs_call;

/* Prepares a call for use; allocates nothing. max_response_bytes caps the body. */
void ivs_call_init(ivs_call *call, ivs_client *client, size_t max_response_bytes);
/* Wipes what the last call held, keeps the memory. */
void ivs_call_reset(ivs_call *call);
void ivs_call_free(ivs_call *call);

/*
 * Begins a call of the operation, which has to outlive the call's steps. body: copied; it may lie in call->request.body.
 * arn: the resource, whose region is used where the client has none; empty: the client's region alone. `random` makes the
 * invocation id. A failure (no region, a body that is too large) shows as the step FAILED.
 */
void ivs_call_begin(ivs_call *call, const ivs_operation *operation, ivs_slice body, ivs_slice arn,
                    const unsigned char random[16]);
/* The same, where the body is written from arguments (operation.h); the parameter `arn` names the resource. */
void ivs_call_begin_with_arguments(ivs_call *call, const ivs_operation *operation,
                                   const ivs_argument *arguments, const unsigned char random[16]);

/* Adds a secret that is in the body, to be redacted in messages. Before the first step. IVS_OK,
 * IVS_ENOMEM, IVS_ETOOBIG. */
int ivs_call_add_secret(ivs_call *call, ivs_slice secret);

/* Whether the next ivs_call_next may compute a retry's delay: only then it reads `random`. */
bool ivs_call_wants_random(const ivs_call *call);

/* The step to carry out. now: seconds since 1970. random: in [0, 1). */
enum ivs_step ivs_call_next(ivs_call *call, double now, double random);

/* Reports: IVS_OK or IVS_ESTATE. */
/* The client's credentials have been set (client->credentials). */
int ivs_call_credentials(ivs_call *call);
/* No credentials came. Old ones that are still valid are used; else the call fails. */
int ivs_call_no_credentials(ivs_call *call, enum ivs_kind kind, ivs_slice code, ivs_slice message);
/* call->response is complete. */
int ivs_call_response(ivs_call *call);
/* No response came. The kinds connection, timeout and response are sent again. */
int ivs_call_fault(ivs_call *call, enum ivs_kind kind, ivs_slice code, ivs_slice message);
/* The same, where the driver has filled call->failure itself. */
int ivs_call_fault_as_set(ivs_call *call);
/* A 2xx body has been read. */
int ivs_call_decoded(ivs_call *call);
/* A 2xx body cannot be read. */
int ivs_call_undecodable(ivs_call *call, ivs_slice message);
/* An error body has been read as far as possible. data is NULL where a member is absent; raw: the body is not JSON. */
int ivs_call_error(ivs_call *call, ivs_slice code, ivs_slice message, bool raw);
int ivs_call_slept(ivs_call *call);
/* The owner gives up, and has set call->failure. */
int ivs_call_stop(ivs_call *call);

/* Writes 16 random bytes as a UUID of version 4 (RFC 9562, 5.4). */
void ivs_call_write_uuid(char out[37], const unsigned char random[16]);

const char *ivs_step_name(enum ivs_step step);
/* The last response of any attempt; its status is 0 if none came. */
const ivs_response *ivs_call_last_response(const ivs_call *call);
/* The response's status is 2xx. */
bool ivs_call_is_success(const ivs_call *call);
/* Why the last response, an error, may be sent again: its status and the failure's code under the client's retry mode. */
enum ivs_retry_cause ivs_call_classify(const ivs_call *call);
/* Whether the call failed because the service throttled its last attempt. */
bool ivs_call_is_throttled(const ivs_call *call);
/* boto3's "reached max retries": the last attempt allowed has been made. */
bool ivs_call_reached_max(const ivs_call *call);

#endif
