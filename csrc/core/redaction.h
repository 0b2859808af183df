/*
 * Redacts the secrets of a call's requests in texts about the call.
 *
 * A server may return them: the response to an invalid signature contains the canonical request with the
 * session token. A server may also truncate or escape them, so every substring of a secret of
 * IVS_REDACTION_MIN bytes or more is redacted. Shorter substrings and shorter secrets are not: they would
 * match ordinary words.
 *
 * Redact a text before truncating it. For a text that is truncated to n bytes, the first n +
 * IVS_REDACTION_MIN bytes are enough.
 */
#ifndef IVS_CORE_REDACTION_H
#define IVS_CORE_REDACTION_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

#define IVS_REDACTION_MIN 16
#define IVS_REDACTION_FILTER_BITS 8192

/* Initializes a buffer for secrets; allocates nothing. Each secret is NUL-terminated; secrets contain no
 * NUL. */
void ivs_redaction_init(ivs_buffer *secrets);
/* Copies the secret. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG. */
int ivs_redaction_add(ivs_buffer *secrets, ivs_slice secret);

/* A search for secrets. The secrets must outlive it and must not change. */
typedef struct ivs_redaction {
  const ivs_buffer *secrets;
  /* private: a bit for the beginning of each substring, so that most texts need no search */
  unsigned char filter[IVS_REDACTION_FILTER_BITS / 8];
} ivs_redaction;

void ivs_redaction_begin(ivs_redaction *redaction, const ivs_buffer *secrets);
/* Overwrites every substring of a secret in the text with '*'. */
void ivs_redaction_apply(const ivs_redaction *redaction, char *text, size_t length);
/* Whether the text contains a substring of a secret. */
bool ivs_redaction_matches(const ivs_redaction *redaction, ivs_slice text);

#endif
