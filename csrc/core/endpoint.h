/*
 * The service's endpoint rules: from region and settings to the endpoint of a call (docs/protocol.md,
 * "Endpoints").
 */
#ifndef IVS_CORE_ENDPOINT_H
#define IVS_CORE_ENDPOINT_H

#include "failure.h"
#include "uri.h"

#define IVS_ENDPOINT_URL_MAX 2048
#define IVS_REGION_MAX 63

/* An AWS partition. */
typedef struct ivs_partition {
  const char *name;             /* "aws-cn" */
  const char *prefix;           /* of its region names */
  const char *suffix;           /* of its endpoints' host names */
  const char *dualstack_suffix; /* of its dual-stack endpoints' host names */
} ivs_partition;

/* The partition of a region. An unknown region belongs to `aws`, so that regions newer than the table
 * work. */
const ivs_partition *ivs_endpoint_partition(const char *region);

/* The parameters of the rules. A slice with data NULL is not set. */
typedef struct ivs_endpoint_rules {
  const char *prefix; /* the first host label: "ivs", "sts" */
  ivs_slice region;   /* may begin with fips- or end with -fips */
  ivs_slice endpoint_url;
  bool use_fips;
  bool use_dualstack;
} ivs_endpoint_rules;

/* The resolved endpoint. Contains no pointers, so it may be copied. */
typedef struct ivs_endpoint {
  char region[IVS_REGION_MAX + 1];    /* the signing region, without fips */
  char url[IVS_ENDPOINT_URL_MAX + 1]; /* endpoint_url, or built by the rules */
  char host[300];                     /* as in the Host header */
  size_t path_at, path_length;        /* offsets of the base path and the query in url */
  size_t query_at, query_length;
  bool https;
} ivs_endpoint;

/*
 * IVS_OK, or IVS_EREFUSED with the failure set: NoRegionError, InvalidRegionError, InvalidEndpointError,
 * EndpointResolutionError (messages of the service's endpoint rule set).
 */
int ivs_endpoint_resolve(const ivs_endpoint_rules *rules, ivs_endpoint *out, ivs_failure *failure);

/* The region field of an ARN, or an empty slice. */
ivs_slice ivs_endpoint_arn_region(ivs_slice arn);

#endif
