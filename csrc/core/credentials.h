/*
 * A set of AWS keys, as it came from a provider. Its buffers wipe themselves.
 */
#ifndef IVS_CORE_CREDENTIALS_H
#define IVS_CORE_CREDENTIALS_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

/* From this long before they expire, one call asks for new keys (docs/protocol.md, "Credential refresh"). */
#define IVS_CREDENTIALS_ADVISORY_SECONDS (15 * 60)

typedef struct ivs_credentials {
  ivs_buffer access_key_id;
  ivs_buffer secret_access_key;
  ivs_buffer session_token; /* empty: none */
  double expiration;        /* seconds since 1970; 0: never */
  unsigned long generation; /* grows with each set of keys, so that derived keys know when they are old */
} ivs_credentials;

void ivs_credentials_init(ivs_credentials *credentials);
void ivs_credentials_free(ivs_credentials *credentials);

/*
 * Takes a copy of the keys. Either all of it is taken or, on failure, the keys from before stay as they were.
 * IVS_OK, IVS_ENOMEM, IVS_ETOOBIG, or IVS_EINVAL: the access key or the secret is empty, or one of the three
 * holds a control character (which could break out of a header).
 */
int ivs_credentials_set(ivs_credentials *credentials, ivs_slice access_key_id, ivs_slice secret_access_key,
                        ivs_slice session_token, double expiration);

/* Keys that can sign at this moment. */
bool ivs_credentials_valid(const ivs_credentials *credentials, double now);
/* No keys, or keys so near their end that new ones should be asked for. */
bool ivs_credentials_wanting(const ivs_credentials *credentials, double now);

#endif
