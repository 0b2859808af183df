/* CURLcode to kind and code, with botocore's texts. */
#include "fault.h"

#include <curl/curl.h>
#include <string.h>

static const struct {
  CURLcode result;
  enum ivs_kind kind;
  const char *code;
} rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, IVS_KIND_CONNECTION, "EndpointConnectionError"},
    {CURLE_COULDNT_CONNECT, IVS_KIND_CONNECTION, "EndpointConnectionError"},
    {CURLE_COULDNT_RESOLVE_PROXY, IVS_KIND_CONNECTION, "ProxyConnectionError"},
#if LIBCURL_VERSION_NUM >= 0x074900
    {CURLE_PROXY, IVS_KIND_CONNECTION, "ProxyConnectionError"},
#endif
    {CURLE_SSL_CONNECT_ERROR, IVS_KIND_TLS, "SSLError"},
    {CURLE_PEER_FAILED_VERIFICATION, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CERTPROBLEM, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CIPHER, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CACERT_BADFILE, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_ISSUER_ERROR, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CRL_BADFILE, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_INVALIDCERTSTATUS, IVS_KIND_TLS, "SSLError"},
#if LIBCURL_VERSION_NUM >= 0x074d00
    {CURLE_SSL_CLIENTCERT, IVS_KIND_TLS, "SSLError"},
#endif
    {CURLE_SSL_ENGINE_INITFAILED, IVS_KIND_TLS, "SSLError"},
    {CURLE_SEND_ERROR, IVS_KIND_CONNECTION, "ConnectionClosedError"},
    {CURLE_RECV_ERROR, IVS_KIND_CONNECTION, "ConnectionClosedError"},
    {CURLE_GOT_NOTHING, IVS_KIND_CONNECTION, "ConnectionClosedError"},
    {CURLE_PARTIAL_FILE, IVS_KIND_CONNECTION, "ConnectionClosedError"},
    {CURLE_SSL_SHUTDOWN_FAILED, IVS_KIND_CONNECTION, "ConnectionClosedError"},
    {CURLE_WEIRD_SERVER_REPLY, IVS_KIND_RESPONSE, "HTTPClientError"},
    {CURLE_UNSUPPORTED_PROTOCOL, IVS_KIND_RESPONSE, "HTTPClientError"},
    {CURLE_BAD_CONTENT_ENCODING, IVS_KIND_RESPONSE, "HTTPClientError"},
    {CURLE_WRITE_ERROR, IVS_KIND_RESPONSE, "HTTPClientError"},
    {CURLE_OUT_OF_MEMORY, IVS_KIND_INTERNAL, "OutOfMemoryError"},
};

static void timed_out(ivs_failure *failure, const ivs_fault_context *context) {
  const char *what = context->connected ? "Read" : "Connect";
  const char *code = context->connected ? "ReadTimeoutError" : "ConnectTimeoutError";
  ivs_failure_format(failure, IVS_KIND_TIMEOUT, code, "%s timeout on endpoint URL: \"%s\"", what,
                     context->url);
}

/* The text for a person: botocore's sentence for the code, then libcurl's reason. */
static void describe(ivs_failure *failure, enum ivs_kind kind, const char *code,
                     const ivs_fault_context *context) {
  const char *detail = context->detail;
  if (strcmp(code, "SSLError") == 0)
    ivs_failure_format(failure, kind, code, "SSL validation failed for %s %s", context->url, detail);
  else if (strcmp(code, "ConnectionClosedError") == 0)
    ivs_failure_format(
        failure, kind, code,
        "Connection was closed before we received a valid response from endpoint URL: \"%s\". (%s)",
        context->url, detail);
  else if (strcmp(code, "ProxyConnectionError") == 0)
    ivs_failure_format(failure, kind, code, "Failed to connect to the proxy for \"%s\": %s", context->url,
                       detail);
  else if (strcmp(code, "EndpointConnectionError") == 0)
    ivs_failure_format(failure, kind, code, "Could not connect to the endpoint URL: \"%s\" (%s)",
                       context->url, detail);
  else
    ivs_failure_format(failure, kind, code, "An HTTP Client raised an unhandled exception: %s (\"%s\")",
                       detail, context->url);
}

/* A handshake that the network cut short is a lost connection, not a certificate that failed. */
static bool is_cut_short(const char *detail) {
  return strstr(detail, "SSL_ERROR_SYSCALL") || strstr(detail, "Connection reset") ||
         strstr(detail, "unexpected eof");
}

/* In TLS 1.3 a server refuses our certificate after the handshake, when we read its answer. */
static bool is_refused_certificate(const char *detail) {
  static const char *const reasons[] = {"certificate", "unknown ca", "access denied", NULL};
  const char *alert = strstr(detail, " alert ");
  if (!alert) return false;
  for (const char *const *reason = reasons; *reason; reason++)
    if (strstr(alert, *reason)) return true;
  return false;
}

/* What libcurl's result alone does not tell. */
static CURLcode interpret(CURLcode result, const ivs_fault_context *context) {
  if (result == CURLE_SSL_CONNECT_ERROR && is_cut_short(context->detail)) return CURLE_RECV_ERROR;
  if ((result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR) && is_refused_certificate(context->detail))
    return CURLE_SSL_CONNECT_ERROR;
  return result;
}

/* Sets the failure where the response itself was refused, by us or for its size by libcurl. */
static bool refused_response(ivs_failure *failure, int result, const ivs_fault_context *context) {
  const char *problem = NULL, *code = "ResponseParserError";
  if (context->no_memory) return false;
  if (context->too_big) {
    problem = "is larger than allowed (see max_response_bytes)";
  } else if (context->bad_length) {
    problem = "has a malformed Content-Length, or two that differ";
    code = "HTTPClientError";
  } else if (result == (int)CURLE_OUT_OF_MEMORY && context->connected) {
    /* so libcurl calls a line over its own cap of 100 KB */
    problem = "has a header line that is too long (or there is no memory to read it)";
  }
  if (problem)
    ivs_failure_format(failure, IVS_KIND_RESPONSE, code, "The response from \"%s\" %s", context->url,
                       problem);
  return problem != NULL;
}

void ivs_fault_refused_by_proxy(ivs_failure *failure, const char *url) {
  const ivs_fault_context context = {.url = url, .detail = "it answered 407, Proxy Authentication Required"};
  describe(failure, IVS_KIND_CONNECTION, "ProxyConnectionError", &context);
}

void ivs_fault_describe(ivs_failure *failure, int result, const ivs_fault_context *context) {
  if (refused_response(failure, result, context)) return;
  if (result == (int)CURLE_OPERATION_TIMEDOUT) {
    timed_out(failure, context);
    return;
  }
  enum ivs_kind kind = IVS_KIND_CONNECTION;
  const char *code = "HTTPClientError";
  CURLcode meant = context->no_memory ? CURLE_OUT_OF_MEMORY : interpret((CURLcode)result, context);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].result == meant) {
      kind = rows[i].kind;
      code = rows[i].code;
    }
  if (kind == IVS_KIND_CONNECTION && context->proxied && !context->connected) code = "ProxyConnectionError";
  describe(failure, kind, code, context);
}
