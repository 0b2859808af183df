/*
 * endpoint_url, regions and no_proxy.
 *
 * Input: a byte of flags, then one line each for region, endpoint_url, no_proxy. Checks: a URL that is built
 * from the parsed parts has the same parts; an error message contains neither control characters nor the text
 * before an '@'.
 */
#include "core/endpoint.h"
#include "core/no_proxy.h"
#include "core/status.h"
#include "core/uri.h"
#include "fuzz.h"

static bool same(ivs_slice a, ivs_slice b) {
  return a.length == b.length && (!a.length || memcmp(a.data, b.data, a.length) == 0);
}

static bool within(ivs_slice part, ivs_slice text) {
  return part.data >= text.data && part.data + part.length <= text.data + text.length;
}

/* A URL that is built from the parts has the same parts. */
static void check_parts(ivs_slice text, const ivs_uri *uri) {
  ivs_buffer url;
  ivs_uri again;
  REQUIRE(within(uri->host, text) && within(uri->path, text));
  REQUIRE(uri->host.length && uri->port >= 1 && uri->port <= 65535);
  REQUIRE(!uri->path.length || uri->path.data[0] == '/');
  ivs_buffer_init(&url, text.length + 32);
  ivs_buffer_add_text(&url, uri->https ? "https://" : "http://");
  if (uri->ipv6) ivs_buffer_add_byte(&url, '[');
  ivs_buffer_add(&url, uri->host.data, uri->host.length);
  if (uri->ipv6) ivs_buffer_add_byte(&url, ']');
  ivs_buffer_add_format(&url, ":%u", uri->port);
  ivs_buffer_add(&url, uri->path.data, uri->path.length);
  if (uri->has_query) {
    ivs_buffer_add_byte(&url, '?');
    ivs_buffer_add(&url, uri->query.data, uri->query.length);
  }
  REQUIRE(ivs_buffer_status(&url) == IVS_OK);
  REQUIRE(ivs_uri_parse((ivs_slice){url.data, url.length}, &again) == IVS_OK);
  REQUIRE(again.https == uri->https && again.ipv6 == uri->ipv6 && again.port == uri->port);
  REQUIRE(again.has_query == uri->has_query && same(again.host, uri->host));
  REQUIRE(same(again.path, uri->path) && same(again.query, uri->query));
  ivs_buffer_free(&url);
}

static void check_endpoint(const ivs_endpoint *endpoint) {
  ivs_uri uri;
  REQUIRE(ivs_uri_parse(ivs_text_slice(endpoint->url), &uri) == IVS_OK);
  REQUIRE(ivs_text_is_host_label(ivs_text_slice(endpoint->region)));
  REQUIRE(endpoint->host[0] && !ivs_text_has_control(ivs_text_slice(endpoint->host)));
  REQUIRE(endpoint->https == uri.https);
  size_t length = strlen(endpoint->url);
  REQUIRE(endpoint->path_at + endpoint->path_length <= length);
  REQUIRE(endpoint->query_at + endpoint->query_length <= length);
  REQUIRE(same(uri.path, (ivs_slice){endpoint->url + endpoint->path_at, endpoint->path_length}));
  REQUIRE(same(uri.query, (ivs_slice){endpoint->url + endpoint->query_at, endpoint->query_length}));
}

static void check_refusal(const ivs_failure *failure, ivs_slice url) {
  ivs_slice message = {ivs_buffer_text(&failure->message), failure->message.length};
  REQUIRE(failure->code[0] && message.length && !ivs_text_has_control(message));
  REQUIRE(ivs_text_is_utf8(message));
  if (strcmp(failure->code, "InvalidEndpointError") != 0) return;
  const char *at = memrchr(url.data, '@', url.length), *userinfo = memmem(url.data, url.length, "://", 3);
  if (!at || !userinfo || userinfo + 3 >= at) return;
  /* The message's fixed text and the text after the '@' may contain the password by chance. */
  static const char fixed_text[] =
      "Invalid endpoint:  (endpoint_url has to be http:// or https:// with a host and, optionally, a "
      "port, a path and a query; no user name, no fragment)";
  ivs_slice password = {userinfo + 3, (size_t)(at - userinfo) - 3};
  ivs_slice after = {at, url.length - (size_t)(at - url.data)};
  if (password.length > 8 && !fuzz_contains(after, password) &&
      !fuzz_contains(ivs_text_slice(fixed_text), password))
    REQUIRE(!fuzz_contains(message, password));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in = {data, size};
  unsigned flags = fuzz_byte(&in);
  ivs_slice region = fuzz_copy(fuzz_line(&in)), url = fuzz_copy(fuzz_line(&in));
  ivs_slice no_proxy = fuzz_copy(fuzz_line(&in));
  ivs_uri uri;
  if (ivs_uri_parse(url, &uri) == IVS_OK) check_parts(url, &uri);

  ivs_endpoint endpoint;
  ivs_failure failure;
  ivs_failure_init(&failure);
  const ivs_endpoint_rules rules = {.prefix = flags & 4 ? "sts" : "ivs",
                                    .region = region,
                                    .endpoint_url = url,
                                    .use_fips = flags & 1,
                                    .use_dualstack = flags & 2};
  if (ivs_endpoint_resolve(&rules, &endpoint, &failure) == IVS_OK) {
    check_endpoint(&endpoint);
    if (ivs_text_equal(no_proxy, "*"))
      REQUIRE(ivs_no_proxy_is_bypassed(no_proxy, ivs_text_slice(endpoint.host)));
    ivs_no_proxy_is_bypassed(no_proxy, ivs_text_slice(endpoint.host));
  } else {
    check_refusal(&failure, url);
  }
  ivs_no_proxy_is_bypassed(no_proxy, url);
  ivs_failure_free(&failure);
  free((char *)region.data), free((char *)url.data), free((char *)no_proxy.data);
  return 0;
}
