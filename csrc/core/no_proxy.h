/*
 * Whether a host is reached through the proxy (BEHAVIOUR 6: `no_proxy` as Python's urllib reads it).
 */
#ifndef IVS_CORE_NO_PROXY_H
#define IVS_CORE_NO_PROXY_H

#include "text.h"

/* True if the host (with or without port, as in a URL) is in the comma-separated list: equal to an entry, or
 * ending in
 * '.' and the entry. Leading dots of an entry don't count; a list that is just "*" holds every host. */
bool ivs_no_proxy_is_bypassed(ivs_slice no_proxy, ivs_slice host);

#endif
