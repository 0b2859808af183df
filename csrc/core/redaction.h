/*
 * The secrets that the requests of one call were sent with, and how they are hidden in texts about the call.
 *
 * A server may send them back: AWS answers a wrong signature with the canonical request, session token and all. A server may also
 * cut or escape what it sends back, so every piece of a secret of IVS_REDACTION_LEAST bytes or more is hidden. Shorter pieces, and
 * secrets that are shorter as a whole, are not searched for: they would spoil ordinary words.
 *
 * Texts are hidden before they are cut. A text that is to be cut at n bytes needs no more than n + IVS_REDACTION_LEAST bytes here.
 */
#ifndef IVS_CORE_REDACTION_H
#define IVS_CORE_REDACTION_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

#define IVS_REDACTION_LEAST 16
#define IVS_REDACTION_FILTER_BITS 8192

/* Prepares a buffer for secrets; allocates nothing. Each secret is ended by a NUL, which none of them holds. */
void ivs_redaction_init(ivs_buffer *secrets);
/* Takes a copy of the secret. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG. */
int ivs_redaction_add(ivs_buffer *secrets, ivs_slice secret);

/* A search for secrets, which have to outlive it and stay as they are. */
typedef struct ivs_redaction {
  const ivs_buffer *secrets;
  /* private: a bit for the beginning of each piece, so that most texts need no search */
  unsigned char filter[IVS_REDACTION_FILTER_BITS / 8];
} ivs_redaction;

void ivs_redaction_begin(ivs_redaction *redaction, const ivs_buffer *secrets);
/* Overwrites every piece of a secret in the text with '*'. */
void ivs_redaction_hide(const ivs_redaction *redaction, char *text, size_t length);
/* Whether the text holds a piece of a secret. */
bool ivs_redaction_finds(const ivs_redaction *redaction, ivs_slice text);

#endif
