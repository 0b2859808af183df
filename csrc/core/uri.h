/*
 * URLs: taken apart, and in the canonical form that SigV4 signs.
 */
#ifndef IVS_CORE_URI_H
#define IVS_CORE_URI_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

/* The parts of an http or https URL; slices into the text that was parsed. */
typedef struct ivs_uri {
  bool https;
  ivs_slice host; /* an IPv6 address without its brackets */
  bool ipv6;
  unsigned port; /* 1–65535; the scheme's own where none is written */
  ivs_slice path;
  ivs_slice query; /* without the '?' */
  bool has_query;
} ivs_uri;

/*
 * IVS_OK or IVS_EINVAL. Taken: http and https in any case, a DNS name as botocore's is_valid_endpoint_url
 * wants it (a closing dot allowed) or an address in brackets, a port, a path, a query. Refused: white space,
 * control and non-ASCII bytes, a user name or password, a fragment.
 */
int ivs_uri_parse(ivs_slice text, ivs_uri *out);

/* The Host header: lower case, brackets around IPv6, the scheme's default port dropped. */
int ivs_uri_add_host(ivs_buffer *out, const ivs_uri *uri);

/*
 * The text for a message, whether it is a URL or not: what stands between "://" (or the beginning) and the last '@' as ***, since
 * a password that should have been percent-encoded may hold any character; what is not printable as '?'.
 */
int ivs_uri_add_masked(ivs_buffer *out, ivs_slice text);

/* The path without dot segments and doubled slashes (RFC 3986, 5.2.4), percent-encoded once more. */
int ivs_uri_add_canonical_path(ivs_buffer *out, ivs_slice path);
/* The query's pairs sorted by name, then value, each with its '='; not encoded again. IVS_ETOOBIG past 256
 * pairs. */
int ivs_uri_add_canonical_query(ivs_buffer *out, ivs_slice query);

#endif
