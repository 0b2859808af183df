/* The table of partitions and the endpoint rules. */
#include "endpoint.h"
#include "status.h"

#include <stdio.h>
#include <string.h>

/* botocore's partitions.json. */
static const ivs_partition partitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"},
    {"aws-eusc", "eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
};
static const ivs_partition default_partition = {"aws", "", "amazonaws.com", "api.aws"};

/* Whether the region consists of the partition's prefix, one word, '-' and digits, or is the pseudo-region
 * NAME-global. */
static bool matches(const ivs_partition *partition, const char *region) {
  size_t prefix = strlen(partition->prefix), name = strlen(partition->name);
  if (strncmp(region, partition->name, name) == 0 && strcmp(region + name, "-global") == 0) return true;
  if (strncmp(region, partition->prefix, prefix) != 0) return false;
  const char *word = region + prefix, *end = strchr(word, '-');
  if (!end || end == word || !end[1]) return false;
  return strspn(end + 1, "0123456789") == strlen(end + 1);
}

const ivs_partition *ivs_endpoint_partition(const char *region) {
  for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++)
    if (matches(&partitions[i], region)) return &partitions[i];
  return &default_partition;
}

/* Removes fips- or -fips from the region; both select FIPS. */
static ivs_slice plain_region(ivs_slice region, bool *use_fips) {
  static const char front[] = "fips-", back[] = "-fips";
  const size_t length = sizeof front - 1;
  if (region.length > length && memcmp(region.data, front, length) == 0) {
    *use_fips = true;
    return (ivs_slice){region.data + length, region.length - length};
  }
  if (region.length > length && memcmp(region.data + region.length - length, back, length) == 0) {
    *use_fips = true;
    region.length -= length;
  }
  return region;
}

static int refuse(ivs_failure *failure, const char *code, const char *message) {
  ivs_failure_format(failure, IVS_KIND_CONFIG, code, "%s", message);
  return IVS_EREFUSED;
}

static int refuse_region(ivs_slice region, ivs_failure *failure) {
  char printable[128];
  const size_t length = ivs_text_truncated_length(region, sizeof printable - 1);
  memcpy(printable, region.data, length);
  printable[length] = '\0';
  ivs_text_make_printable(printable, length);
  ivs_failure_format(failure, IVS_KIND_CONFIG, "InvalidRegionError",
                     "Provided region_name '%s' doesn't match a supported format.", printable);
  return IVS_EREFUSED;
}

/* Stores the URL, the offsets of its base path and query, and the Host header. */
static int set_url(ivs_endpoint *out, ivs_slice url) {
  ivs_uri uri;
  if (url.length > IVS_ENDPOINT_URL_MAX || ivs_uri_parse(url, &uri)) return IVS_EINVAL;
  if (url.length) memcpy(out->url, url.data, url.length);
  out->url[url.length] = '\0';
  out->path_at = (size_t)(uri.path.data - url.data);
  out->path_length = uri.path.length;
  out->query_at = uri.has_query ? (size_t)(uri.query.data - url.data) : url.length;
  out->query_length = uri.query.length;
  out->https = uri.https;
  ivs_buffer host;
  ivs_buffer_init(&host, sizeof out->host - 1);
  int status = ivs_uri_add_host(&host, &uri);
  if (!status) memcpy(out->host, host.data, host.length + 1);
  ivs_buffer_free(&host);
  return status;
}

static int refuse_url(ivs_slice url, ivs_failure *failure) {
  enum { SHOWN_MAX = 127 };
  ivs_buffer printable;
  ivs_buffer_init(&printable, url.length + 3); /* "***" may be longer than the text that it replaces */
  int status = ivs_uri_add_masked(&printable, url);
  ivs_buffer_truncate(&printable,
                      ivs_text_truncated_length((ivs_slice){printable.data, printable.length}, SHOWN_MAX));
  if (status)
    ivs_failure_from_status(failure, status, "reading endpoint_url");
  else
    ivs_failure_format(
        failure, IVS_KIND_CONFIG, "InvalidEndpointError",
        "Invalid endpoint: %s (endpoint_url has to be http:// or https:// with a host and, optionally, a port, a path "
        "and a query; no user name, no fragment)",
        ivs_buffer_text(&printable));
  ivs_buffer_free(&printable);
  return IVS_EREFUSED;
}

static int set_custom_url(const ivs_endpoint_rules *rules, bool use_fips, ivs_endpoint *out,
                          ivs_failure *failure) {
  int status = set_url(out, rules->endpoint_url);
  if (status == IVS_ENOMEM) {
    ivs_failure_from_status(failure, status, "reading endpoint_url");
    return IVS_EREFUSED;
  }
  if (status) return refuse_url(rules->endpoint_url, failure);
  if (use_fips)
    return refuse(failure, "EndpointResolutionError",
                  "Invalid Configuration: FIPS and custom endpoint are not supported");
  if (rules->use_dualstack)
    return refuse(failure, "EndpointResolutionError",
                  "Invalid Configuration: Dualstack and custom endpoint are not supported");
  return IVS_OK;
}

int ivs_endpoint_resolve(const ivs_endpoint_rules *rules, ivs_endpoint *out, ivs_failure *failure) {
  memset(out, 0, sizeof *out);
  if (!rules->region.length) return refuse(failure, "NoRegionError", "You must specify a region.");
  bool use_fips = rules->use_fips;
  ivs_slice region = plain_region(rules->region, &use_fips);
  if (!ivs_text_is_host_label(region)) return refuse_region(rules->region, failure);
  memcpy(out->region, region.data, region.length);
  if (rules->endpoint_url.length) return set_custom_url(rules, use_fips, out, failure);
  const ivs_partition *partition = ivs_endpoint_partition(out->region);
  char url[IVS_ENDPOINT_URL_MAX];
  snprintf(url, sizeof url, "https://%s%s.%s.%s", rules->prefix, use_fips ? "-fips" : "", out->region,
           rules->use_dualstack ? partition->dualstack_suffix : partition->suffix);
  int status = set_url(out, ivs_text_slice(url));
  if (!status) return IVS_OK;
  ivs_failure_from_status(failure, status, "building the endpoint's URL");
  return IVS_EREFUSED;
}

ivs_slice ivs_endpoint_arn_region(ivs_slice arn) {
  const ivs_slice none = {NULL, 0};
  size_t start = 0;
  for (int field = 0; field <= 3; field++) {
    const char *colon = start < arn.length ? memchr(arn.data + start, ':', arn.length - start) : NULL;
    if (!colon) return none;
    ivs_slice text = {arn.data + start, (size_t)(colon - arn.data) - start};
    if (field == 0 && !ivs_text_equal(text, "arn")) return none;
    if (field == 3) return ivs_text_is_host_label(text) ? text : none;
    start += text.length + 1;
  }
  return none;
}
