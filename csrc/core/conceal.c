/* Session token and signature, starred out of what a server says back. */
#include "conceal.h"

#include <string.h>

/* Overwrites a secret wherever the text shows it. */
static void conceal(char *text, size_t length, ivs_slice secret) {
  char *end = text + length;
  if (!length || !secret.length) return;
  for (char *at = text; (at = memmem(at, (size_t)(end - at), secret.data, secret.length));
       at += secret.length)
    memset(at, '*', secret.length);
}

void ivs_conceal_failure(ivs_call *call) {
  static const char mark[] = "Signature=";
  ivs_slice secrets[2] = {
      {call->client->credentials.session_token.data, call->client->credentials.session_token.length}};
  const char *line;
  for (size_t at = 0; (line = ivs_request_next_header(&call->request, &at));)
    if (strncmp(line, "Authorization: ", 15) == 0 && (line = strstr(line, mark)))
      secrets[1] = ivs_text_slice(line + strlen(mark));
  for (size_t i = 0; i < 2; i++) {
    conceal(call->failure.message.data, call->failure.message.length, secrets[i]);
    conceal(call->failure.code, strlen(call->failure.code), secrets[i]);
  }
}
