/*
 * Where a call goes: the service's endpoint rules (docs/protocol.md, "Endpoints").
 */
#ifndef IVS_CORE_ENDPOINT_H
#define IVS_CORE_ENDPOINT_H

#include "failure.h"
#include "uri.h"

#define IVS_ENDPOINT_URL_MAX 2048
#define IVS_REGION_MAX 63

/* A partition of AWS. */
typedef struct ivs_partition {
  const char *name;             /* "aws-cn" */
  const char *prefix;           /* of its regions */
  const char *suffix;           /* of its endpoints */
  const char *dualstack_suffix; /* of those with IPv4 and IPv6 */
} ivs_partition;

/* The partition of a region. A region that is in none counts as one of aws, so that regions newer than the table work. */
const ivs_partition *ivs_endpoint_partition(const char *region);

/* What the rules are asked with. Slices with data NULL are not set. */
typedef struct ivs_endpoint_rules {
  const char *prefix; /* the first host label: "ivs", "sts" */
  ivs_slice region;   /* may carry fips- or -fips */
  ivs_slice endpoint_url;
  bool use_fips;
  bool use_dualstack;
} ivs_endpoint_rules;

/* The answer; self-contained, so it may be copied. */
typedef struct ivs_endpoint {
  char region[IVS_REGION_MAX + 1];    /* the signing region, without fips */
  char url[IVS_ENDPOINT_URL_MAX + 1]; /* as given, or made by the rules */
  char host[300];                     /* as in the Host header */
  size_t path_at, path_length;        /* the base path and query within url */
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
