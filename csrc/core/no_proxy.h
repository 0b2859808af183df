/*
 * Whether requests to a host bypass the proxy (docs/protocol.md, "Proxies").
 */
#ifndef IVS_CORE_NO_PROXY_H
#define IVS_CORE_NO_PROXY_H

#include "text.h"

/* True if the host (with or without port, as in a URL) matches an entry of the comma-separated list: it is
 * equal to the entry or ends with '.' and the entry. Leading dots of an entry are ignored. The list "*"
 * matches every host. */
bool ivs_no_proxy_is_bypassed(ivs_slice no_proxy, ivs_slice host);

#endif
