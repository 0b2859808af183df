/* Matches hosts with the entries of no_proxy. */
#include "no_proxy.h"

/* Whether the host is equal to the entry or ends with '.' and the entry. */
static bool is_within(ivs_slice host, ivs_slice entry) {
  if (host.length < entry.length) return false;
  size_t before = host.length - entry.length;
  for (size_t i = 0; i < entry.length; i++)
    if (ivs_text_lower(host.data[before + i]) != ivs_text_lower(entry.data[i])) return false;
  return before == 0 || host.data[before - 1] == '.';
}

/* Removes ":port". An IPv6 address keeps its brackets, as in a URL. */
static ivs_slice without_port(ivs_slice host) {
  size_t end = host.length;
  while (end && ivs_text_is_digit(host.data[end - 1])) end--;
  if (end && end < host.length && host.data[end - 1] == ':') host.length = end - 1;
  return host;
}

bool ivs_no_proxy_is_bypassed(ivs_slice no_proxy, ivs_slice host) {
  if (ivs_text_equal(ivs_text_trim(no_proxy), "*")) return true;
  for (ivs_slice entry; ivs_text_next_member(&no_proxy, &entry);) {
    while (entry.length && entry.data[0] == '.') entry.data++, entry.length--;
    if (entry.length && (is_within(host, entry) || is_within(without_port(host), entry))) return true;
  }
  return false;
}
