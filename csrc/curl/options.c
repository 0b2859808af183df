/* Sets a handle's options from settings and requests. */
#include "options.h"
#include "libcurl.h"

#include <string.h>

/* The endpoint and an https proxy have the same options. The client certificate is for the endpoint only. */
static CURLcode set_tls(CURL *handle, const ivs_settings *settings) {
  const long peer = settings->verify ? 1L : 0L, host = settings->verify ? 2L : 0L;
  CURLcode result = CURLE_OK;
  IVS_OPTION(result, handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  IVS_OPTION(result, handle, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  IVS_OPTION(result, handle, CURLOPT_SSL_VERIFYPEER, peer);
  IVS_OPTION(result, handle, CURLOPT_PROXY_SSL_VERIFYPEER, peer);
  IVS_OPTION(result, handle, CURLOPT_SSL_VERIFYHOST, host);
  IVS_OPTION(result, handle, CURLOPT_PROXY_SSL_VERIFYHOST, host);
  if (settings->client_cert) IVS_OPTION(result, handle, CURLOPT_SSLCERT, settings->client_cert);
  if (settings->client_key) IVS_OPTION(result, handle, CURLOPT_SSLKEY, settings->client_key);
  /* Otherwise OpenSSL prompts on the terminal for the pass phrase of an encrypted key. */
  IVS_OPTION(result, handle, CURLOPT_KEYPASSWD, "");
  return result;
}

CURLcode ivs_options_set_fixed(CURL *handle, const ivs_settings *settings) {
  CURLcode result = CURLE_OK;
  IVS_OPTION(result, handle, CURLOPT_NOSIGNAL, 1L);
  IVS_OPTION(result, handle, CURLOPT_FOLLOWLOCATION, 0L);
  IVS_OPTION(result, handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  IVS_OPTION(result, handle, CURLOPT_PATH_AS_IS, 1L);
  IVS_OPTION(result, handle, CURLOPT_TCP_NODELAY, 1L);
  IVS_OPTION(result, handle, CURLOPT_TCP_KEEPALIVE, settings->tcp_keepalive ? 1L : 0L);
  /* Decodes gzip that the server sends regardless of the request's own Accept-Encoding. */
  IVS_OPTION(result, handle, CURLOPT_ACCEPT_ENCODING, "gzip");
  /* Does not send the service's headers to a proxy. */
  IVS_OPTION(result, handle, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  IVS_OPTION(result, handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
  IVS_OPTION(result, handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  IVS_OPTION(result, handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  IVS_OPTION(result, handle, CURLOPT_NOPROXY, ""); /* core/no_proxy.c applies botocore's rule */
  return result ? result : set_tls(handle, settings);
}

static CURLcode set_method(CURL *handle, const ivs_request *request) {
  CURLcode result = CURLE_OK;
  if (strcmp(request->method, "GET") == 0) {
    IVS_OPTION(result, handle, CURLOPT_CUSTOMREQUEST, NULL);
    IVS_OPTION(result, handle, CURLOPT_HTTPGET, 1L);
    return result;
  }
  IVS_OPTION(result, handle, CURLOPT_POST, 1L);
  IVS_OPTION(result, handle, CURLOPT_CUSTOMREQUEST,
             strcmp(request->method, "POST") == 0 ? NULL : request->method);
  IVS_OPTION(result, handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
  IVS_OPTION(result, handle, CURLOPT_POSTFIELDS, ivs_buffer_text(&request->body));
  return result;
}

CURLcode ivs_options_set_request(CURL *handle, const ivs_request *request, const char *proxy) {
  CURLcode result = set_method(handle, request);
  /* Not NULL: libcurl would read the proxy from the environment. */
  IVS_OPTION(result, handle, CURLOPT_PROXY, proxy ? proxy : "");
  return result;
}

/* Setting NULL cannot fail. */
void ivs_options_clear_request(CURL *handle) {
  (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, NULL);
  (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, NULL);
}
