/*
 * Whether a host is reached through the proxy (docs/protocol.md, "Proxies").
 */
#ifndef IVS_CORE_NO_PROXY_H
#define IVS_CORE_NO_PROXY_H

#include "text.h"

/* True if the host (with or without port, as in a URL) is in the comma-separated list: equal to an entry, or
 * ending in
 * '.' and the entry. Leading dots of an entry don't count; a list that is just "*" holds every host. */
bool ivs_no_proxy_is_bypassed(ivs_slice no_proxy, ivs_slice host);

#endif
