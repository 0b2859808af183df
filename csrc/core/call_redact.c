/* Redacts the failure and the responses of a call. */
#include "call_internal.h"

#include <string.h>

bool ivs_call_redact_is_needed(const ivs_call *call, ivs_slice text) {
  ivs_redaction redaction;
  ivs_redaction_begin(&redaction, &call->secrets);
  return ivs_redaction_matches(&redaction, text);
}

void ivs_call_redact_failure(ivs_call *call) {
  ivs_failure *failure = &call->failure;
  ivs_redaction redaction;
  ivs_redaction_begin(&redaction, &call->secrets);
  ivs_redaction_apply(&redaction, failure->message.data, failure->message.length);
  ivs_failure_truncate(failure);
  if (ivs_redaction_matches(&redaction, ivs_text_slice(failure->code)))
    memcpy(failure->code, IVS_CALL_REDACT_CODE, sizeof IVS_CALL_REDACT_CODE);
}

static void redact_headers(const ivs_redaction *redaction, ivs_response *response) {
  ivs_slice name, value;
  char *headers = response->headers.data;
  for (size_t at = 0; ivs_response_next_header(response, &at, &name, &value);) {
    ivs_redaction_apply(redaction, headers + (name.data - headers), name.length);
    ivs_redaction_apply(redaction, headers + (value.data - headers), value.length);
  }
}

void ivs_call_redact_responses(ivs_call *call) {
  ivs_redaction redaction;
  ivs_redaction_begin(&redaction, &call->secrets);
  redact_headers(&redaction, &call->response);
  redact_headers(&redaction, &call->previous);
  ivs_buffer_reset(&call->response.body);
  ivs_buffer_reset(&call->previous.body);
}
