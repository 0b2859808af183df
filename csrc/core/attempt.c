/* Builds the request of one attempt: URL, headers, signature. */
#include "call_internal.h"
#include "status.h"

#include <string.h>

static ivs_slice base_path(const ivs_endpoint *endpoint) {
  ivs_slice path = {endpoint->url + endpoint->path_at, endpoint->path_length};
  if (path.length && path.data[path.length - 1] == '/')
    path.length--; /* the operation's path begins with a slash */
  return path;
}

static void add_target(ivs_buffer *out, const ivs_call *call) {
  ivs_slice base = base_path(call->endpoint);
  ivs_buffer_add(out, base.data, base.length);
  ivs_buffer_add_text(out, call->operation->path);
}

/* *path: the path in the URL's buffer, for the signature. */
static int build_url(ivs_call *call, ivs_slice *path) {
  const ivs_endpoint *endpoint = call->endpoint;
  ivs_buffer *url = &call->request.url;
  ivs_buffer_reset(url);
  const char *authority = strchr(endpoint->url, ':'); /* "://host:port", as in endpoint_url */
  ivs_buffer_add_text(url, endpoint->https ? "https" : "http");
  ivs_buffer_add(url, authority, (size_t)(endpoint->url + endpoint->path_at - authority));
  const size_t path_at = call->request.target_at = url->length;
  add_target(url, call);
  size_t path_length = url->length - path_at;
  if (endpoint->query_length) {
    ivs_buffer_add_byte(url, '?');
    ivs_buffer_add(url, endpoint->url + endpoint->query_at, endpoint->query_length);
  }
  *path = (ivs_slice){ivs_buffer_text(url) + path_at, path_length};
  return ivs_buffer_status(url);
}

/* Fills the request to sign. Signed headers: Content-Type, Host, X-Amz-Date and X-Amz-Security-Token. */
static void list_signed_headers(const ivs_call *call, ivs_slice path, double now, ivs_sigv4_request *out) {
  const ivs_client *client = call->client;
  const ivs_endpoint *endpoint = call->endpoint;
  memset(out, 0, sizeof *out);
  out->method = call->request.method;
  out->path = path;
  out->query = (ivs_slice){endpoint->url + endpoint->query_at, endpoint->query_length};
  out->body = (ivs_slice){ivs_buffer_text(&call->request.body), call->request.body.length};
  out->region = endpoint->region;
  out->service = call->operation->signing_service;
  ivs_timestamp_amz_date(now + client->clock_offset, out->amz_date);
  const struct {
    const char *name;
    ivs_slice value;
  } headers[] = {
      {"content-type", ivs_text_slice(call->operation->content_type)},
      {"host", ivs_text_slice(endpoint->host)},
      {"x-amz-date", ivs_text_slice(out->amz_date)},
      {"x-amz-security-token",
       {client->credentials.session_token.data, client->credentials.session_token.length}},
  };
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    if (headers[i].value.length) {
      out->headers[out->header_count].name = headers[i].name;
      out->headers[out->header_count++].value = headers[i].value;
    }
}

/* Stores the secrets that messages must not show. The headers end with the signature at this point. */
static int add_secrets(ivs_call *call) {
  enum { SIGNATURE = 2 * IVS_DIGEST_SIZE };
  const ivs_credentials *credentials = &call->client->credentials;
  const ivs_buffer *headers = &call->request.headers;
  const ivs_slice secrets[] = {{credentials->secret_access_key.data, credentials->secret_access_key.length},
                               {credentials->session_token.data, credentials->session_token.length},
                               {headers->data + headers->length - SIGNATURE, SIGNATURE}};
  int status = IVS_OK;
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets && !status; i++)
    status = ivs_redaction_add(&call->secrets, secrets[i]);
  return status;
}

static int add_authorization(ivs_call *call, ivs_slice path, double now) {
  ivs_client *client = call->client;
  ivs_buffer *headers = &call->request.headers;
  ivs_slice token = {client->credentials.session_token.data, client->credentials.session_token.length};
  ivs_sigv4_request signing;
  list_signed_headers(call, path, now, &signing);
  ivs_request_add_header(&call->request, "X-Amz-Date", ivs_text_slice(signing.amz_date));
  if (token.length) ivs_request_add_header(&call->request, "X-Amz-Security-Token", token);
  ivs_buffer_add_text(headers, "Authorization: ");
  int status = ivs_sigv4_sign(&client->signer, &signing, &client->credentials, headers);
  if (!status) status = add_secrets(call);
  ivs_buffer_add_byte(headers, '\0');
  return status;
}

/* amz-sdk-request is "attempt=1", for retries "ttl=…; attempt=N; max=M". */
static void add_attempt_headers(ivs_call *call, double now) {
  const ivs_client *client = call->client;
  ivs_buffer *headers = &call->request.headers;
  ivs_request_add_header(&call->request, "amz-sdk-invocation-id", ivs_text_slice(call->invocation_id));
  ivs_buffer_add_text(headers, "amz-sdk-request: ");
  if (call->attempts > 0 && call->has_date) {
    char ttl[IVS_AMZ_DATE_SIZE];
    ivs_timestamp_amz_date(now + client->read_timeout + call->date_lead, ttl);
    ivs_buffer_add_format(headers, "ttl=%s; ", ttl);
  }
  ivs_buffer_add_text(headers, "attempt=");
  ivs_buffer_add_number(headers, (size_t)call->attempts + 1);
  if (call->attempts > 0) ivs_buffer_add_format(headers, "; max=%d", client->retry.max_attempts);
  ivs_buffer_add_byte(headers, '\0');
}

int ivs_attempt_build(ivs_call *call, double now) {
  const ivs_client *client = call->client;
  ivs_request *request = &call->request;
  ivs_buffer_reset(&request->headers);
  ivs_slice path;
  int status = build_url(call, &path);
  if (status) return status;
  ivs_request_add_header(request, "Host", ivs_text_slice(call->endpoint->host));
  ivs_request_add_header(request, "Accept-Encoding", ivs_text_slice("identity"));
  ivs_request_add_header(request, "Content-Type", ivs_text_slice(call->operation->content_type));
  ivs_request_add_header(request, "User-Agent",
                         (ivs_slice){client->user_agent.data, client->user_agent.length});
  if (client->trace_id.length)
    ivs_request_add_header(request, "X-Amzn-Trace-Id",
                           (ivs_slice){client->trace_id.data, client->trace_id.length});
  if (call->operation->signing_service && (status = add_authorization(call, path, now))) return status;
  add_attempt_headers(call, now);
  ivs_buffer_add_text(&request->headers, "Content-Length: ");
  ivs_buffer_add_number(&request->headers, request->body.length);
  return ivs_buffer_add_byte(&request->headers, '\0');
}
