/* Redaction (redaction.h) of what a call tells its caller. */
#include "call_internal.h"

#include <string.h>

bool ivs_call_redact_is_needed(const ivs_call *call, ivs_slice text) {
  ivs_redaction redaction;
  ivs_redaction_begin(&redaction, &call->secrets);
  return ivs_redaction_finds(&redaction, text);
}

void ivs_call_redact_failure(ivs_call *call) {
  ivs_failure *failure = &call->failure;
  ivs_redaction redaction;
  ivs_redaction_begin(&redaction, &call->secrets);
  ivs_redaction_hide(&redaction, failure->message.data, failure->message.length);
  ivs_failure_cut(failure);
  if (ivs_redaction_finds(&redaction, ivs_text_slice(failure->code)))
    memcpy(failure->code, IVS_CALL_REDACT_CODE, sizeof IVS_CALL_REDACT_CODE);
}

static void hide_in_headers(const ivs_redaction *redaction, ivs_response *response) {
  ivs_slice name, value;
  char *headers = response->headers.data;
  for (size_t at = 0; ivs_response_next_header(response, &at, &name, &value);) {
    ivs_redaction_hide(redaction, headers + (name.data - headers), name.length);
    ivs_redaction_hide(redaction, headers + (value.data - headers), value.length);
  }
}

void ivs_call_redact_responses(ivs_call *call) {
  ivs_redaction redaction;
  ivs_redaction_begin(&redaction, &call->secrets);
  hide_in_headers(&redaction, &call->response);
  hide_in_headers(&redaction, &call->previous);
  ivs_buffer_reset(&call->response.body);
  ivs_buffer_reset(&call->previous.body);
}
