/* Learns the clock offset from a response (docs/protocol.md, "Clock skew"). */
#include "call_internal.h"
#include "timestamp.h"

#include <math.h>
#include <string.h>

void ivs_skew_note_date(ivs_call *call, double now) {
  double date;
  call->has_date =
      ivs_timestamp_parse_http(ivs_response_header(&call->response, "date"), &date) && isfinite(date - now);
  if (call->has_date) call->date_lead = date - now;
}

bool ivs_skew_correct(ivs_call *call) {
  static const char *const codes[] = {"RequestTimeTooSkewed",  "RequestExpired",
                                      "RequestInTheFuture",    "InvalidSignatureException",
                                      "SignatureDoesNotMatch", "AuthFailure"};
  const double tolerance = 4 * 60;
  ivs_client *client = call->client;
  if (call->is_resent || !call->has_date || ivs_response_header(&call->response, "age").data) return false;
  if (fabs(call->date_lead - call->offset) <= tolerance) return false;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(call->failure.code, codes[i]) == 0) {
      client->clock_offset = call->date_lead;
      call->is_resent = true;
      call->delay = 0;
      return true;
    }
  return false;
}
