/* Maps a CURLcode to kind, code and botocore's message. */
#include "error_map.h"
#include "core/status.h"
#include "libcurl.h"

#include <string.h>

/* Defined by number: the library may be newer than its header. */
#define PROXY_HANDSHAKE ((CURLcode)97)    /* CURLE_PROXY, 7.73 */
#define CLIENT_CERTIFICATE ((CURLcode)98) /* CURLE_SSL_CLIENTCERT, 7.77 */
#define TOO_LARGE ((CURLcode)100)         /* CURLE_TOO_LARGE, 8.6 */

static const struct {
  CURLcode result;
  enum ivs_kind kind;
  const char *code;
} rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, IVS_KIND_CONNECTION, "EndpointConnectionError"},
    {CURLE_COULDNT_CONNECT, IVS_KIND_CONNECTION, "EndpointConnectionError"},
    {CURLE_COULDNT_RESOLVE_PROXY, IVS_KIND_CONNECTION, "ProxyConnectionError"},
    {PROXY_HANDSHAKE, IVS_KIND_CONNECTION, "ProxyConnectionError"},
    {CURLE_SSL_CONNECT_ERROR, IVS_KIND_TLS, "SSLError"},
    {CURLE_PEER_FAILED_VERIFICATION, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CERTPROBLEM, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CIPHER, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CACERT_BADFILE, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_ISSUER_ERROR, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_CRL_BADFILE, IVS_KIND_TLS, "SSLError"},
    {CURLE_SSL_INVALIDCERTSTATUS, IVS_KIND_TLS, "SSLError"},
    {CLIENT_CERTIFICATE, IVS_KIND_TLS, "SSLError"},
    /* newer libcurl: a client key that it cannot read; see also interpret() */
    {CURLE_BAD_FUNCTION_ARGUMENT, IVS_KIND_TLS, "SSLError"},
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

static void timed_out(ivs_failure *failure, const char *url, bool is_connected) {
  ivs_failure_format(failure, IVS_KIND_TIMEOUT, is_connected ? "ReadTimeoutError" : "ConnectTimeoutError",
                     "%s timeout on endpoint URL: \"%s\"", is_connected ? "Read" : "Connect", url);
}

/* Sets the message: botocore's sentence for the code, then the reason. */
static void describe(ivs_failure *failure, enum ivs_kind kind, const char *code, const char *url,
                     const char *detail) {
  if (strcmp(code, "SSLError") == 0)
    ivs_failure_format(failure, kind, code, "SSL validation failed for %s %s", url, detail);
  else if (strcmp(code, "ConnectionClosedError") == 0)
    ivs_failure_format(
        failure, kind, code,
        "Connection was closed before we received a valid response from endpoint URL: \"%s\". (%s)", url,
        detail);
  else if (strcmp(code, "ProxyConnectionError") == 0)
    ivs_failure_format(failure, kind, code, "Failed to connect to the proxy for \"%s\": %s", url, detail);
  else if (strcmp(code, "EndpointConnectionError") == 0)
    ivs_failure_format(failure, kind, code, "Could not connect to the endpoint URL: \"%s\" (%s)", url,
                       detail);
  else
    ivs_failure_format(failure, kind, code, "An HTTP Client raised an unhandled exception: %s (\"%s\")",
                       detail, url);
}

/* Refines libcurl's result with the recorded state of the exchange. */
static CURLcode interpret(CURLcode result, const ivs_transfer *transfer) {
  if (transfer->intake.refusal == IVS_INTAKE_NO_MEMORY) return CURLE_OUT_OF_MEMORY;
  /* A URL that has been parsed is well-formed: libcurl could not copy it. */
  if (result == CURLE_URL_MALFORMAT && transfer->url.parsed) return CURLE_OUT_OF_MEMORY;
  /* A malformed header or trailer: libcurl reads the client key before it connects, and headers
   * afterwards. */
  if (result == CURLE_BAD_FUNCTION_ARGUMENT && transfer->is_connected) return CURLE_WEIRD_SERVER_REPLY;
  if (result == CURLE_SSL_CONNECT_ERROR) {
    long os_errno = 0;
    curl_easy_getinfo(transfer->handle, CURLINFO_OS_ERRNO, &os_errno);
    /* A handshake that the network interrupted is a connection error, not a TLS error. */
    if (ivs_handshake_is_cut_short(&transfer->handshake, os_errno)) return CURLE_RECV_ERROR;
  }
  if ((result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR) &&
      ivs_handshake_is_certificate_refused(&transfer->handshake))
    return CURLE_SSL_CONNECT_ERROR;
  return result;
}

/* Why this module or libcurl rejected the response; NULL: it did not. */
static const char *refused_response(CURLcode result, const ivs_transfer *transfer, const char **code) {
  *code = "HTTPClientError";
  switch (transfer->intake.refusal) {
  case IVS_INTAKE_BAD_STATUS:
    return "does not begin with a status line of HTTP/1.0 or HTTP/1.1";
  case IVS_INTAKE_BAD_HEADER:
    return "has a malformed header line";
  case IVS_INTAKE_BAD_LENGTH:
    return "has a malformed Content-Length, or two different ones";
  case IVS_INTAKE_TOO_BIG:
    *code = "ResponseParserError";
    return "is larger than allowed (see max_response_bytes)";
  default:
    break;
  }
  if (!transfer->is_connected || transfer->intake.refusal == IVS_INTAKE_NO_MEMORY) return NULL;
  /* libcurl's own limits for a line and for the number of lines. Before 8.6 it returns
   * CURLE_OUT_OF_MEMORY. */
  *code = "ResponseParserError";
  if (result == TOO_LARGE) return "has headers that are larger than allowed";
  if (result == CURLE_OUT_OF_MEMORY) return "has headers that are larger than allowed (or memory ran out)";
  return NULL;
}

void ivs_error_map_refused_by_proxy(ivs_failure *failure, const char *url) {
  describe(failure, IVS_KIND_CONNECTION, "ProxyConnectionError", url,
           "it responded with 407, Proxy Authentication Required");
}

void ivs_error_map_not_started(ivs_failure *failure, CURLcode result) {
  if (result == CURLE_OUT_OF_MEMORY)
    ivs_failure_from_status(failure, IVS_ENOMEM, "starting libcurl");
  else
    ivs_failure_format(failure, IVS_KIND_CONFIG, "InvalidConfigError",
                       "libcurl %s cannot be used (%s): ivs needs libcurl " IVS_LIBCURL_MIN_TEXT
                       " or later, with TLS and zlib",
                       curl_version_info(CURLVERSION_NOW)->version, curl_easy_strerror(result));
}

void ivs_error_map_describe(ivs_failure *failure, CURLcode result, const ivs_transfer *transfer) {
  const char *url = ivs_buffer_text(&transfer->exchange.request->url);
  const char *code, *problem = refused_response(result, transfer, &code);
  if (problem) {
    ivs_failure_format(failure, IVS_KIND_RESPONSE, code, "The response from \"%s\" %s", url, problem);
    return;
  }
  if (result == CURLE_OPERATION_TIMEDOUT) {
    timed_out(failure, url, transfer->is_connected);
    return;
  }
  enum ivs_kind kind = IVS_KIND_CONNECTION;
  code = "HTTPClientError";
  CURLcode meant = interpret(result, transfer);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].result == meant) {
      kind = rows[i].kind;
      code = rows[i].code;
    }
  if (kind == IVS_KIND_CONNECTION && transfer->proxy && !transfer->is_connected)
    code = "ProxyConnectionError";
  describe(failure, kind, code, url, transfer->detail[0] ? transfer->detail : curl_easy_strerror(result));
}
