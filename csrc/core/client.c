/* Opens and closes a client, and resolves its endpoints. */
#include "client.h"
#include "status.h"

#include <string.h>

enum { TEXT_CAP = 4096 };

void ivs_client_init(ivs_client *client) {
  memset(client, 0, sizeof *client);
  ivs_buffer_init(&client->endpoint_url, TEXT_CAP);
  ivs_buffer_init(&client->user_agent, TEXT_CAP);
  ivs_buffer_init(&client->trace_id, TEXT_CAP);
  ivs_credentials_init(&client->credentials);
}

static int resolve(const ivs_client *client, ivs_slice region, ivs_endpoint *out, ivs_failure *failure) {
  const ivs_endpoint_rules rules = {
      .prefix = client->endpoint_prefix,
      .region = region,
      .endpoint_url = {ivs_buffer_text(&client->endpoint_url), client->endpoint_url.length},
      .use_fips = client->use_fips_endpoint,
      .use_dualstack = client->use_dualstack_endpoint,
  };
  return ivs_endpoint_resolve(&rules, out, failure);
}

static int copy_setting(ivs_buffer *out, ivs_slice text, const char *what, ivs_failure *failure) {
  if (ivs_text_has_control(text)) {
    ivs_failure_format(failure, IVS_KIND_CONFIG, "InvalidConfigError",
                       "%s must not contain control characters", what);
    return IVS_EREFUSED;
  }
  int status = ivs_buffer_set(out, text.data, text.length);
  if (!status) return IVS_OK;
  if (status == IVS_ENOMEM)
    ivs_failure_from_status(failure, status, "copying the client's settings");
  else
    ivs_failure_format(failure, IVS_KIND_CONFIG, "InvalidConfigError", "%s is %s", what,
                       ivs_status_text(status));
  return IVS_EREFUSED;
}

int ivs_client_open(ivs_client *client, const ivs_client_settings *settings, double now,
                    ivs_failure *failure) {
  client->endpoint_prefix = settings->endpoint_prefix ? settings->endpoint_prefix : "ivs";
  client->use_fips_endpoint = settings->use_fips_endpoint;
  client->use_dualstack_endpoint = settings->use_dualstack_endpoint;
  client->connect_timeout = settings->connect_timeout;
  client->read_timeout = settings->read_timeout;
  ivs_retry_init(&client->retry, settings->retry_mode, settings->max_attempts, now);
  /* The endpoint rules validate endpoint_url and have their own messages. */
  int status =
      ivs_buffer_set(&client->endpoint_url, settings->endpoint_url.data, settings->endpoint_url.length);
  if (status) {
    ivs_failure_from_status(failure, status, "copying endpoint_url");
    return IVS_EREFUSED;
  }
  if (copy_setting(&client->user_agent, settings->user_agent, "the user agent", failure)) return IVS_EREFUSED;
  if (copy_setting(&client->trace_id, settings->trace_id, "_X_AMZN_TRACE_ID", failure)) return IVS_EREFUSED;
  status = ivs_signer_open(&client->signer);
  if (status) {
    ivs_failure_from_status(failure, status, "preparing SHA-256");
    return IVS_EREFUSED;
  }
  client->has_region = settings->region.length > 0;
  if (client->has_region) return resolve(client, settings->region, &client->endpoint, failure);
  if (!settings->endpoint_url.length) return IVS_OK;
  /* The region is not known yet, but an invalid endpoint_url can be rejected now. */
  return resolve(client, ivs_text_slice("us-east-1"), &client->endpoint, failure);
}

const ivs_endpoint *ivs_client_resolve_endpoint(const ivs_client *client, ivs_slice arn, ivs_endpoint *own,
                                                ivs_failure *failure) {
  if (client->has_region) return &client->endpoint;
  return resolve(client, ivs_endpoint_arn_region(arn), own, failure) ? NULL : own;
}

void ivs_client_close(ivs_client *client) {
  ivs_buffer_free(&client->endpoint_url);
  ivs_buffer_free(&client->user_agent);
  ivs_buffer_free(&client->trace_id);
  ivs_credentials_free(&client->credentials);
  ivs_signer_close(&client->signer);
}
