/* Replaces credentials as a whole or not at all, and wipes the old ones. */
#include "credentials.h"
#include "status.h"

enum { KEY_CAP = 1024, TOKEN_CAP = 64 * 1024 };

void ivs_credentials_init(ivs_credentials *credentials) {
  ivs_buffer_init(&credentials->access_key_id, KEY_CAP);
  ivs_buffer_init(&credentials->secret_access_key, KEY_CAP);
  ivs_buffer_init(&credentials->session_token, TOKEN_CAP);
  credentials->expiration = 0;
  credentials->generation = 0;
}

void ivs_credentials_free(ivs_credentials *credentials) {
  ivs_buffer_free(&credentials->access_key_id);
  ivs_buffer_free(&credentials->secret_access_key);
  ivs_buffer_free(&credentials->session_token);
  credentials->expiration = 0;
}

int ivs_credentials_set(ivs_credentials *credentials, ivs_slice access_key_id, ivs_slice secret_access_key,
                        ivs_slice session_token, double expiration) {
  if (!access_key_id.length || !secret_access_key.length) return IVS_EINVAL;
  if (ivs_text_has_control(access_key_id) || ivs_text_has_control(secret_access_key) ||
      ivs_text_has_control(session_token))
    return IVS_EINVAL;
  ivs_credentials fresh;
  ivs_credentials_init(&fresh);
  int status = ivs_buffer_set(&fresh.access_key_id, access_key_id.data, access_key_id.length);
  if (!status)
    status = ivs_buffer_set(&fresh.secret_access_key, secret_access_key.data, secret_access_key.length);
  if (!status) status = ivs_buffer_set(&fresh.session_token, session_token.data, session_token.length);
  if (status) {
    ivs_credentials_free(&fresh);
    return status;
  }
  fresh.expiration = expiration;
  fresh.generation = credentials->generation + 1;
  ivs_credentials_free(credentials);
  *credentials = fresh;
  return IVS_OK;
}

bool ivs_credentials_valid(const ivs_credentials *credentials, double now) {
  return credentials->access_key_id.length && (credentials->expiration == 0 || now < credentials->expiration);
}

bool ivs_credentials_needs_refresh(const ivs_credentials *credentials, double now) {
  if (!credentials->access_key_id.length) return true;
  return credentials->expiration != 0 && now >= credentials->expiration - IVS_CREDENTIALS_ADVISORY_SECONDS;
}
