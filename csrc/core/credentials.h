/*
 * Credentials: access key ID, secret access key and optional session token. The buffers wipe their content.
 */
#ifndef IVS_CORE_CREDENTIALS_H
#define IVS_CORE_CREDENTIALS_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

/* Calls try to refresh credentials that expire within this time (docs/protocol.md, "Credential refresh"). */
#define IVS_CREDENTIALS_ADVISORY_SECONDS (15 * 60)

/* Calls wait for the refresh of credentials that expire within this time (botocore: the mandatory
 * refresh). */
#define IVS_CREDENTIALS_MANDATORY_SECONDS (10 * 60)

typedef struct ivs_credentials {
  ivs_buffer access_key_id;
  ivs_buffer secret_access_key;
  ivs_buffer session_token; /* empty: none */
  double expiration;        /* seconds since 1970; 0: never */
  unsigned long generation; /* incremented when they are set; the signer then derives a new key */
} ivs_credentials;

void ivs_credentials_init(ivs_credentials *credentials);
void ivs_credentials_free(ivs_credentials *credentials);

/*
 * Copies all three texts. On failure the credentials do not change. IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, or
 * IVS_EINVAL: the access key ID or the secret access key is empty, or a text contains a control character,
 * which could end a header line.
 */
int ivs_credentials_set(ivs_credentials *credentials, ivs_slice access_key_id, ivs_slice secret_access_key,
                        ivs_slice session_token, double expiration);

/* Whether the credentials are set and have not expired. */
bool ivs_credentials_valid(const ivs_credentials *credentials, double now);
/* Whether the credentials are not set or expire within IVS_CREDENTIALS_ADVISORY_SECONDS. */
bool ivs_credentials_needs_refresh(const ivs_credentials *credentials, double now);

#endif
