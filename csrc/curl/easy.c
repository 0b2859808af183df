/* One exchange at a time: which proxy, which session, and what came of it. */
#include "easy.h"
#include "core/no_proxy.h"
#include "core/status.h"
#include "error_map.h"
#include "headers.h"
#include "libcurl.h"
#include "options.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_CAP = 8 * 1024, PROXY_AUTHENTICATION_REQUIRED = 407 };

enum text { PROXY, NO_PROXY, CA_BUNDLE, CLIENT_CERT, CLIENT_KEY, TEXT_COUNT };

struct ivs_easy {
  ivs_session *session;       /* NULL: to be opened by the next exchange */
  ivs_easy_settings settings; /* its texts are these: */
  ivs_buffer texts[TEXT_COUNT];
  ivs_headers headers;
};

/* Copies the settings, and their texts. */
static int take_settings(ivs_easy *easy, const ivs_easy_settings *settings) {
  easy->settings = *settings;
  const char **const texts[TEXT_COUNT] = {
      [PROXY] = &easy->settings.proxy,           [NO_PROXY] = &easy->settings.no_proxy,
      [CA_BUNDLE] = &easy->settings.ca_bundle,   [CLIENT_CERT] = &easy->settings.client_cert,
      [CLIENT_KEY] = &easy->settings.client_key,
  };
  int status = IVS_OK;
  for (int i = 0; i < TEXT_COUNT; i++) {
    ivs_buffer_init(&easy->texts[i], TEXT_CAP);
    if (*texts[i] && !status) status = ivs_buffer_add_text(&easy->texts[i], *texts[i]);
    *texts[i] = easy->texts[i].length ? easy->texts[i].data : NULL;
  }
  return status;
}

/* Opens the session where there is none that can be used. */
static int ensure_session(ivs_easy *easy, ivs_failure *failure) {
  CURLcode result;
  if (easy->session && ivs_session_is_usable(easy->session)) return IVS_OK;
  ivs_session_close(easy->session);
  easy->session = ivs_session_open(&easy->settings, &result);
  if (easy->session) return IVS_OK;
  ivs_error_map_not_started(failure, result);
  return IVS_EREFUSED;
}

int ivs_easy_open(ivs_easy **out, const ivs_easy_settings *settings, ivs_failure *failure) {
  *out = NULL;
  ivs_easy *easy = calloc(1, sizeof *easy);
  int status = easy ? take_settings(easy, settings) : IVS_ENOMEM;
  if (easy) ivs_headers_init(&easy->headers);
  if (status)
    ivs_failure_from_status(failure, status, "starting libcurl");
  else
    status = ensure_session(easy, failure);
  if (status) {
    ivs_easy_close(easy);
    return IVS_EREFUSED;
  }
  *out = easy;
  return IVS_OK;
}

void ivs_easy_close(ivs_easy *easy) {
  if (!easy) return;
  ivs_session_close(easy->session);
  ivs_headers_free(&easy->headers);
  for (int i = 0; i < TEXT_COUNT; i++) ivs_buffer_free(&easy->texts[i]);
  free(easy);
}

/* The proxy for this request, or NULL. */
static const char *choose_proxy(const ivs_easy_settings *settings, const ivs_request *request, bool direct) {
  const char *host = strstr(ivs_buffer_text(&request->url), "://");
  if (direct || !settings->proxy || !host) return NULL;
  host += 3;
  const ivs_slice authority = {host, strcspn(host, "/?")};
  if (settings->no_proxy && ivs_no_proxy_is_bypassed(ivs_text_slice(settings->no_proxy), authority))
    return NULL;
  return settings->proxy;
}

static double chosen(double special, double usual) {
  return special > 0 ? special : usual;
}

/* Sets the options of this exchange, runs it, and takes them away again (they point into the caller's
 * memory). */
static CURLcode perform(ivs_easy *easy, const ivs_request *request, const ivs_session_limits *limits,
                        const char *proxy, ivs_response *response) {
  CURL *handle = easy->session->handle;
  ivs_session_begin(easy->session, response);
  struct curl_slist *headers = ivs_headers_list(&easy->headers, request);
  CURLcode result = headers ? ivs_options_set_request(handle, request, proxy) : CURLE_OUT_OF_MEMORY;
  IVS_OPTION(result, handle, CURLOPT_HTTPHEADER, headers);
  if (!result) result = ivs_session_run(easy->session, limits);
  ivs_options_clear_request(handle);
  return result;
}

int ivs_easy_exchange(ivs_easy *easy, const ivs_request *request, const ivs_easy_exception *exception,
                      ivs_response *response, ivs_failure *failure) {
  static const ivs_easy_exception none = {0};
  if (!exception) exception = &none;
  if (ensure_session(easy, failure)) return IVS_EREFUSED;
  const char *url = ivs_buffer_text(&request->url);
  const char *proxy = choose_proxy(&easy->settings, request, exception->direct);
  const ivs_session_limits limits = {
      .connect = chosen(exception->connect_timeout, easy->settings.connect_timeout),
      .read = chosen(exception->read_timeout, easy->settings.read_timeout),
  };
  CURLcode result = perform(easy, request, &limits, proxy, response);
  if (result == CURLE_OK && (!proxy || response->status != PROXY_AUTHENTICATION_REQUIRED)) return IVS_OK;
  response->status = 0; /* no answer of the endpoint's */
  if (result == CURLE_OK)
    ivs_error_map_refused_by_proxy(failure, url);
  else
    ivs_error_map_describe(
        failure, result,
        &(ivs_error_map_context){.url = url, .session = easy->session, .is_proxied = proxy != NULL});
  return IVS_EREFUSED;
}
