/* Searches texts for substrings of secrets. */
#include "redaction.h"
#include "status.h"

#include <string.h>

enum { SECRETS_CAP = 16 * 1024 * 1024 }; /* the tokens and signatures of every attempt of one call */

void ivs_redaction_init(ivs_buffer *secrets) {
  ivs_buffer_init(secrets, SECRETS_CAP);
}

int ivs_redaction_add(ivs_buffer *secrets, ivs_slice secret) {
  if (secret.length < IVS_REDACTION_MIN) return IVS_OK;
  if (secrets->length && memmem(secrets->data, secrets->length, secret.data, secret.length)) return IVS_OK;
  ivs_buffer_add(secrets, secret.data, secret.length);
  return ivs_buffer_add_byte(secrets, '\0');
}

/* The filter bit of a substring: a multiplicative hash of its first eight bytes. */
static size_t bit_of(const char *text) {
  uint64_t word;
  memcpy(&word, text, sizeof word);
  return (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 32) % IVS_REDACTION_FILTER_BITS;
}

void ivs_redaction_begin(ivs_redaction *redaction, const ivs_buffer *secrets) {
  redaction->secrets = secrets;
  if (!secrets->length) return;
  memset(redaction->filter, 0, sizeof redaction->filter);
  for (size_t i = 0; i + IVS_REDACTION_MIN < secrets->length; i++) {
    const size_t bit = bit_of(secrets->data + i);
    redaction->filter[bit / 8] = (unsigned char)(redaction->filter[bit / 8] | 1u << bit % 8);
  }
}

static bool is_secret_substring(const ivs_redaction *redaction, const char *text) {
  const size_t bit = bit_of(text);
  if (!(redaction->filter[bit / 8] >> bit % 8 & 1u)) return false;
  if (memchr(text, '\0', IVS_REDACTION_MIN)) return false; /* it would span two secrets */
  return memmem(redaction->secrets->data, redaction->secrets->length, text, IVS_REDACTION_MIN) != NULL;
}

/* The search at i reads only bytes that have not been overwritten yet. */
void ivs_redaction_apply(const ivs_redaction *redaction, char *text, size_t length) {
  if (!redaction->secrets->length) return;
  for (size_t i = 0, end = 0; i < length; i++) {
    if (i + IVS_REDACTION_MIN <= length && is_secret_substring(redaction, text + i))
      end = i + IVS_REDACTION_MIN;
    if (i < end) text[i] = '*';
  }
}

bool ivs_redaction_matches(const ivs_redaction *redaction, ivs_slice text) {
  if (!redaction->secrets->length) return false;
  for (size_t i = 0; i + IVS_REDACTION_MIN <= text.length; i++)
    if (is_secret_substring(redaction, text.data + i)) return true;
  return false;
}
