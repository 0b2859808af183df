/* Parses and canonicalizes URLs as botocore does. */
#include "uri.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 255, LABEL_MAX = 63, QUERY_PAIRS_MAX = 256, PATH_SEGMENTS_MAX = 512 };

static ivs_slice after(ivs_slice text, size_t skip) {
  return (ivs_slice){text.data + skip, text.length - skip};
}

/* Returns the text before the first of the characters `stops`; *rest begins with that character. */
static ivs_slice split(ivs_slice text, const char *stops, ivs_slice *rest) {
  size_t at = 0;
  while (at < text.length && (!text.data[at] || !strchr(stops, text.data[at]))) at++;
  *rest = after(text, at);
  return (ivs_slice){text.data, at};
}

static bool is_dns_name(ivs_slice host) {
  if (host.length > HOST_MAX) return false;
  if (host.length && host.data[host.length - 1] == '.') host.length--;
  for (;;) {
    ivs_slice rest, label = split(host, ".", &rest);
    if (!label.length || label.length > LABEL_MAX) return false;
    if (label.data[0] == '-' || label.data[label.length - 1] == '-') return false;
    for (size_t i = 0; i < label.length; i++)
      if (!ivs_text_is_alnum(label.data[i]) && label.data[i] != '-') return false;
    if (!rest.length) return true;
    host = after(rest, 1);
  }
}

/* RFC 4291, 2.2: groups of up to four hexadecimal digits, at most one "::", optionally an IPv4 address at the
 * end. */
static bool is_ipv6(ivs_slice host) {
  int groups = 0, digits = 0, dots = 0;
  bool shortened = false;
  uint64_t octet;
  for (size_t i = 0; i < host.length; i++) {
    char c = ivs_text_lower(host.data[i]);
    if (ivs_text_is_digit(c) || (c >= 'a' && c <= 'f')) {
      if (digits++ == 0) groups++;
      if (digits > 4) return false;
    } else if (c == ':') {
      bool twice = i + 1 < host.length && host.data[i + 1] == ':';
      if (twice && shortened) return false;
      if (!twice && (i == 0 || i + 1 == host.length || host.data[i - 1] == ':')) return false;
      if (twice) shortened = true, i++;
      digits = 0;
    } else if (c == '.') {
      break;
    } else {
      return false;
    }
  }
  if (memchr(host.data, '.', host.length)) { /* the last group was the first octet of an IPv4 address */
    size_t start = host.length;
    while (start && host.data[start - 1] != ':') start--;
    for (ivs_slice rest = after(host, start);; rest = after(rest, 1), dots++) {
      ivs_slice part = split(rest, ".", &rest);
      if (part.length > 3 || !ivs_text_number(part, &octet) || octet > 255) return false;
      if (!rest.length) break;
    }
    if (!start || dots != 3) return false;
    groups++;
  }
  return shortened ? groups < 8 : groups == 8;
}

static int parse_authority(ivs_slice authority, ivs_uri *out) {
  ivs_slice rest;
  if (authority.length && authority.data[0] == '[') {
    out->host = split(after(authority, 1), "]", &rest);
    if (!rest.length || !is_ipv6(out->host)) return IVS_EINVAL;
    out->ipv6 = true;
    rest = after(rest, 1);
  } else {
    out->host = split(authority, ":", &rest);
    if (!is_dns_name(out->host)) return IVS_EINVAL;
  }
  out->port = out->https ? 443 : 80;
  if (!rest.length) return IVS_OK;
  uint64_t port;
  if (rest.data[0] != ':') return IVS_EINVAL;
  if (rest.length == 1) return IVS_OK;
  if (!ivs_text_number(after(rest, 1), &port) || port < 1 || port > 65535) return IVS_EINVAL;
  out->port = (unsigned)port;
  return IVS_OK;
}

int ivs_uri_parse(ivs_slice text, ivs_uri *out) {
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < text.length; i++)
    if (text.data[i] <= 0x20 || text.data[i] >= 0x7f || text.data[i] == '#') return IVS_EINVAL;
  ivs_slice rest, scheme = split(text, ":", &rest);
  if (ivs_text_equal_ignoring_case(scheme, "https"))
    out->https = true;
  else if (!ivs_text_equal_ignoring_case(scheme, "http"))
    return IVS_EINVAL;
  if (rest.length < 3 || memcmp(rest.data, "://", 3) != 0) return IVS_EINVAL;
  ivs_slice authority = split(after(rest, 3), "/?", &rest);
  out->path = split(rest, "?", &rest);
  out->has_query = rest.length > 0;
  if (out->has_query) out->query = after(rest, 1);
  return parse_authority(authority, out);
}

int ivs_uri_add_host(ivs_buffer *out, const ivs_uri *uri) {
  if (uri->ipv6) ivs_buffer_add_byte(out, '[');
  for (size_t i = 0; i < uri->host.length; i++) ivs_buffer_add_byte(out, ivs_text_lower(uri->host.data[i]));
  if (uri->ipv6) ivs_buffer_add_byte(out, ']');
  if (uri->port != (uri->https ? 443u : 80u)) ivs_buffer_add_format(out, ":%u", uri->port);
  return ivs_buffer_status(out);
}

static bool is_unreserved(char c) {
  return ivs_text_is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '~';
}

/* Python's quote(safe='/~'): letters, digits and _.-~ are not encoded. */
static void add_encoded(ivs_buffer *out, ivs_slice text) {
  static const char digits[] = "0123456789ABCDEF";
  size_t start = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (is_unreserved(text.data[i])) continue;
    const unsigned char c = (unsigned char)text.data[i];
    const char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
    ivs_buffer_add(out, text.data + start, i - start);
    ivs_buffer_add(out, escape, sizeof escape);
    start = i + 1;
  }
  ivs_buffer_add(out, text.data + start, text.length - start);
}

static bool is_scheme(char c) {
  return ivs_text_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

/* The length of "scheme://" (RFC 3986, 3.1) at the beginning, or 0. */
static size_t scheme_length(ivs_slice text) {
  size_t at = 0;
  while (at < text.length && is_scheme(text.data[at])) at++;
  return at && text.length - at >= 3 && memcmp(text.data + at, "://", 3) == 0 ? at + 3 : 0;
}

int ivs_uri_add_masked(ivs_buffer *out, ivs_slice text) {
  const char *last = text.length ? memrchr(text.data, '@', text.length) : NULL;
  const size_t authority = scheme_length(text), at = out->length;
  if (last && (size_t)(last - text.data) >= authority) {
    ivs_buffer_add(out, text.data, authority);
    ivs_buffer_add_text(out, "***");
    text = after(text, (size_t)(last - text.data));
  }
  if (ivs_buffer_add(out, text.data, text.length)) return out->status;
  ivs_text_make_printable(out->data + at, out->length - at);
  return IVS_OK;
}

int ivs_uri_add_canonical_path(ivs_buffer *out, ivs_slice path) {
  ivs_slice segments[PATH_SEGMENTS_MAX];
  size_t count = 0;
  for (ivs_slice rest = path; rest.length;) {
    ivs_slice segment = split(rest, "/", &rest);
    if (rest.length) rest = after(rest, 1);
    if (!segment.length || ivs_text_equal(segment, ".")) continue;
    if (ivs_text_equal(segment, "..")) {
      if (count) count--;
    } else {
      if (count == PATH_SEGMENTS_MAX) return out->status = IVS_ETOOBIG;
      segments[count++] = segment;
    }
  }
  for (size_t i = 0; i < count; i++) {
    ivs_buffer_add_byte(out, '/');
    add_encoded(out, segments[i]);
  }
  if (!count || path.data[path.length - 1] == '/') ivs_buffer_add_byte(out, '/');
  return ivs_buffer_status(out);
}

typedef struct pair {
  ivs_slice name, value;
} pair;

static int compare_slices(ivs_slice a, ivs_slice b) {
  size_t shorter = a.length < b.length ? a.length : b.length;
  int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
  if (order) return order;
  return (a.length > b.length) - (a.length < b.length);
}

static int compare_pairs(const void *a, const void *b) {
  const pair *left = a, *right = b;
  int order = compare_slices(left->name, right->name);
  return order ? order : compare_slices(left->value, right->value);
}

int ivs_uri_add_canonical_query(ivs_buffer *out, ivs_slice query) {
  pair pairs[QUERY_PAIRS_MAX];
  size_t count = 0;
  for (ivs_slice rest = query;;) {
    if (count == QUERY_PAIRS_MAX) return out->status = IVS_ETOOBIG;
    ivs_slice text = split(rest, "&", &rest);
    pairs[count].name = split(text, "=", &pairs[count].value);
    if (pairs[count].value.length) pairs[count].value = after(pairs[count].value, 1);
    count++;
    if (!rest.length) break;
    rest = after(rest, 1);
  }
  qsort(pairs, count, sizeof *pairs, compare_pairs);
  for (size_t i = 0; i < count; i++) {
    if (i) ivs_buffer_add_byte(out, '&');
    ivs_buffer_add(out, pairs[i].name.data, pairs[i].name.length);
    ivs_buffer_add_byte(out, '=');
    ivs_buffer_add(out, pairs[i].value.data, pairs[i].value.length);
  }
  return ivs_buffer_status(out);
}
