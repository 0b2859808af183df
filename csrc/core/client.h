/*
 * The state that the calls of one client share: endpoint, credentials, signer, retry quota, learned clock
 * offset. The operation belongs to the call.
 *
 * Not thread-safe: a client belongs to one Lua state. Does no I/O and reads no clock.
 */
#ifndef IVS_CORE_CLIENT_H
#define IVS_CORE_CLIENT_H

#include "credentials.h"
#include "endpoint.h"
#include "retry.h"
#include "sigv4.h"

/* Resolved settings; the slices are copied. */
typedef struct ivs_client_settings {
  const char *endpoint_prefix; /* the first label of the service's host names; not copied; NULL: "ivs" */
  ivs_slice region;            /* empty: taken from each call's ARN */
  ivs_slice endpoint_url;      /* empty: the service's default endpoint */
  bool use_fips_endpoint, use_dualstack_endpoint;
  enum ivs_retry_mode retry_mode;
  int max_attempts;       /* 0: the mode's default */
  double connect_timeout; /* seconds; for the driver */
  double read_timeout;    /* seconds; also part of amz-sdk-request's ttl */
  ivs_slice user_agent;
  ivs_slice trace_id; /* X-Amzn-Trace-Id on AWS Lambda; empty elsewhere */
} ivs_client_settings;

typedef struct ivs_client {
  const char *endpoint_prefix;
  ivs_buffer endpoint_url, user_agent, trace_id;
  bool use_fips_endpoint, use_dualstack_endpoint;
  bool has_region;       /* false: each call uses the region of its ARN */
  ivs_endpoint endpoint; /* resolved, if has_region */
  ivs_credentials credentials;
  ivs_signer signer;
  ivs_retry retry;
  double connect_timeout, read_timeout;
  double clock_offset; /* seconds to add to our time; learned from a response */
} ivs_client;

/* Initializes the fields, so that the client can be closed. */
void ivs_client_init(ivs_client *client);
/* IVS_OK, or IVS_EREFUSED with the failure set. */
int ivs_client_open(ivs_client *client, const ivs_client_settings *settings, double now,
                    ivs_failure *failure);
/* Wipes and frees the content; may be called twice. */
void ivs_client_close(ivs_client *client);

/* Returns the endpoint for a call about this ARN (empty: no ARN): the client's endpoint or, if no region is
 * configured, the endpoint of the ARN's region, stored in *own. Returns NULL with the failure set
 * (NoRegionError, …) if there is none. */
const ivs_endpoint *ivs_client_resolve_endpoint(const ivs_client *client, ivs_slice arn, ivs_endpoint *own,
                                                ivs_failure *failure);

#endif
