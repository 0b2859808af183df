/*
 * Credentials: an access key, its secret, and perhaps a session token, as a provider gave them. The buffers wipe themselves.
 */
#ifndef IVS_CORE_CREDENTIALS_H
#define IVS_CORE_CREDENTIALS_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

/* From this long before they expire, calls ask for new ones (docs/protocol.md, "Credential refresh"). */
#define IVS_CREDENTIALS_ADVISORY_SECONDS (15 * 60)

/* From this long before they expire, calls wait for new ones (botocore: the mandatory refresh). */
#define IVS_CREDENTIALS_MANDATORY_SECONDS (10 * 60)

typedef struct ivs_credentials {
  ivs_buffer access_key_id;
  ivs_buffer secret_access_key;
  ivs_buffer session_token; /* empty: none */
  double expiration;        /* seconds since 1970; 0: never */
  unsigned long
      generation; /* grows with each set, so that the signer knows when its derived key is outdated */
} ivs_credentials;

void ivs_credentials_init(ivs_credentials *credentials);
void ivs_credentials_free(ivs_credentials *credentials);

/*
 * Takes a copy of all three or, on failure, leaves the credentials as they were.
 * IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, or IVS_EINVAL: the access key or the secret is empty, or one of the three
 * holds a control character (which could break out of a header).
 */
int ivs_credentials_set(ivs_credentials *credentials, ivs_slice access_key_id, ivs_slice secret_access_key,
                        ivs_slice session_token, double expiration);

/* Whether they can sign now. */
bool ivs_credentials_valid(const ivs_credentials *credentials, double now);
/* Whether there are none, or they expire so soon that new ones should be asked for. */
bool ivs_credentials_needs_refresh(const ivs_credentials *credentials, double now);

#endif
