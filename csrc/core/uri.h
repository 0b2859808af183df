/*
 * Parses URLs, and writes them in the canonical form that SigV4 signs.
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
  unsigned port; /* 1–65535; the scheme's default port if the URL has none */
  ivs_slice path;
  ivs_slice query; /* without the '?' */
  bool has_query;
} ivs_uri;

/*
 * IVS_OK or IVS_EINVAL. Accepted: http and https in any case, a DNS name as in botocore's
 * is_valid_endpoint_url (a trailing dot is allowed) or an IPv6 address in brackets, a port, a path, a query.
 * Rejected: white space, control and non-ASCII bytes, a user name or password, a fragment.
 */
int ivs_uri_parse(ivs_slice text, ivs_uri *out);

/* Appends the Host header's value: lower case, IPv6 in brackets, without the scheme's default port. */
int ivs_uri_add_host(ivs_buffer *out, const ivs_uri *uri);

/*
 * Appends the text, which need not be a valid URL, for a message. Everything between "://" (or the beginning)
 * and the last '@' is replaced by ***, because a password that is not percent-encoded may contain any
 * character. Unprintable characters become '?'.
 */
int ivs_uri_add_masked(ivs_buffer *out, ivs_slice text);

/* Appends the path without dot segments and repeated slashes (RFC 3986, 5.2.4), percent-encoded once more. */
int ivs_uri_add_canonical_path(ivs_buffer *out, ivs_slice path);
/* Appends the query's pairs, sorted by name, then value, each with its '='; not encoded again. IVS_ETOOBIG:
 * more than 256 pairs. */
int ivs_uri_add_canonical_query(ivs_buffer *out, ivs_slice query);

#endif
