/*
 * One exchange at a time over libcurl.
 *
 * It runs a multi handle of its own rather than curl_easy_perform, because libcurl has no limit from the
 * request to the last byte of the response: with one, a call's time is bounded however the server drips.
 */
#include "easy.h"
#include "core/proxy.h"
#include "core/status.h"
#include "fault.h"
#include "intake.h"
#include "sigpipe.h"
#include "sockets.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_LINES_MAX = 32, TEXT_CAP = 8 * 1024, POLL_MAX_MS = 1000 };
enum { PROXY_AUTHENTICATION_REQUIRED = 407 };

enum text { PROXY, NO_PROXY, CA_BUNDLE, CLIENT_CERT, CLIENT_KEY, TEXT_COUNT };

struct ivs_easy {
  CURLM *multi;
  CURL *handle;
  pid_t owner; /* connections are not shared with a forked child */
  double connect_timeout, read_timeout;
  bool verify, tcp_keepalive;
  ivs_buffer texts[TEXT_COUNT];
  ivs_sockets sockets;
  char detail[CURL_ERROR_SIZE];

  ivs_intake intake;
};

static double monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long milliseconds(double seconds) {
  if (seconds * 1000 >= (double)INT_MAX) return INT_MAX;
  return seconds * 1000 >= 1 ? (long)(seconds * 1000) : 1;
}

static const char *text(const ivs_easy *easy, enum text which) {
  return easy->texts[which].length ? easy->texts[which].data : NULL;
}

static bool is_directory(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static void set_tls(ivs_easy *easy) {
  CURL *handle = easy->handle;
  const char *bundle = text(easy, CA_BUNDLE), *cert = text(easy, CLIENT_CERT), *key = text(easy, CLIENT_KEY);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, easy->verify ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, easy->verify ? 2L : 0L);
  curl_easy_setopt(handle, CURLOPT_PROXY_SSL_VERIFYPEER, easy->verify ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_PROXY_SSL_VERIFYHOST, easy->verify ? 2L : 0L);
  if (bundle) {
    bool directory = is_directory(bundle);
    curl_easy_setopt(handle, directory ? CURLOPT_CAPATH : CURLOPT_CAINFO, bundle);
    curl_easy_setopt(handle, directory ? CURLOPT_CAINFO : CURLOPT_CAPATH, NULL);
    curl_easy_setopt(handle, directory ? CURLOPT_PROXY_CAPATH : CURLOPT_PROXY_CAINFO, bundle);
    curl_easy_setopt(handle, directory ? CURLOPT_PROXY_CAINFO : CURLOPT_PROXY_CAPATH, NULL);
  }
  if (cert) curl_easy_setopt(handle, CURLOPT_SSLCERT, cert);
  if (key) curl_easy_setopt(handle, CURLOPT_SSLKEY, key);
  /* else OpenSSL asks on the terminal for the pass phrase of a key that has one */
  curl_easy_setopt(handle, CURLOPT_KEYPASSWD, "");
}

/* The options that hold for every exchange. */
static void set_up(ivs_easy *easy) {
  CURL *handle = easy->handle;
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, easy->detail);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, easy->tcp_keepalive ? 1L : 0L);
  ivs_intake_connect(&easy->intake, handle);
  /* Decodes gzip if it comes all the same; what is asked for stands in the request's own Accept-Encoding. */
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
  /* What is for the service is not shown to a proxy. */
  curl_easy_setopt(handle, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(handle, CURLOPT_NOPROXY, ""); /* decided by us, by botocore's rule */
#if LIBCURL_VERSION_NUM >= 0x075700
  /* A look-up that takes longer than connect_timeout is left to its thread; else libcurl waits for it. */
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#endif
  set_tls(easy);
}

static int start(ivs_easy *easy) {
  easy->owner = getpid();
  easy->multi = curl_multi_init();
  easy->handle = curl_easy_init();
  if (!easy->multi || !easy->handle) return IVS_ENOMEM;
  set_up(easy);
  ivs_sockets_follow(&easy->sockets, easy->handle);
  return IVS_OK;
}

static void stop(ivs_easy *easy) {
  if (easy->owner ==
      getpid()) { /* in a forked child the sockets are the parent's: closing would speak on them */
    ivs_sigpipe guard;
    ivs_sigpipe_block(&guard);
    curl_easy_cleanup(easy->handle);
    if (easy->multi) curl_multi_cleanup(easy->multi);
    ivs_sigpipe_restore(&guard);
  }
  easy->handle = NULL;
  easy->multi = NULL;
}

int ivs_easy_open(ivs_easy **out, const ivs_easy_settings *settings) {
  *out = NULL;
  ivs_easy *easy = calloc(1, sizeof *easy);
  if (!easy) return IVS_ENOMEM;
  const char *texts[TEXT_COUNT] = {
      [PROXY] = settings->proxy,           [NO_PROXY] = settings->no_proxy,
      [CA_BUNDLE] = settings->ca_bundle,   [CLIENT_CERT] = settings->client_cert,
      [CLIENT_KEY] = settings->client_key,
  };
  int status = IVS_OK;
  for (int i = 0; i < TEXT_COUNT; i++) {
    ivs_buffer_init(&easy->texts[i], TEXT_CAP);
    if (texts[i] && !status) status = ivs_buffer_add_text(&easy->texts[i], texts[i]);
  }
  easy->connect_timeout = settings->connect_timeout;
  easy->read_timeout = settings->read_timeout;
  easy->verify = settings->verify;
  easy->tcp_keepalive = settings->tcp_keepalive;
  if (!status) status = start(easy);
  if (status) {
    ivs_easy_close(easy);
    return status;
  }
  *out = easy;
  return IVS_OK;
}

void ivs_easy_close(ivs_easy *easy) {
  if (!easy) return;
  stop(easy);
  for (int i = 0; i < TEXT_COUNT; i++) ivs_buffer_free(&easy->texts[i]);
  free(easy);
}

/* The header lines as libcurl's list, without copying them. Content-Length is left to libcurl. */
static struct curl_slist *list_headers(const ivs_request *request,
                                       struct curl_slist nodes[HEADER_LINES_MAX + 2]) {
  static char no_accept[] = "Accept:", no_expect[] = "Expect:";
  static const char own[] = "Content-Length:";
  size_t count = 0, at = 0;
  const char *line;
  while (count < HEADER_LINES_MAX && (line = ivs_request_next_header(request, &at)))
    if (strncasecmp(line, own, sizeof own - 1) != 0) nodes[count++].data = (char *)(uintptr_t)line;
  nodes[count++].data = no_accept;
  nodes[count++].data = no_expect;
  for (size_t i = 0; i < count; i++) nodes[i].next = i + 1 < count ? &nodes[i + 1] : NULL;
  return nodes;
}

static void set_method(ivs_easy *easy, const ivs_request *request) {
  CURL *handle = easy->handle;
  if (strcmp(request->method, "GET") == 0) {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    return;
  }
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST,
                   strcmp(request->method, "POST") == 0 ? NULL : request->method);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, ivs_buffer_text(&request->body));
}

/* The proxy for this request, or NULL. */
static const char *choose_proxy(const ivs_easy *easy, const ivs_request *request, bool direct) {
  const char *proxy = text(easy, PROXY), *no_proxy = text(easy, NO_PROXY);
  const char *host = strstr(ivs_buffer_text(&request->url), "://");
  if (direct || !proxy || !host) return NULL;
  host += 3;
  if (no_proxy && ivs_proxy_is_bypassed(ivs_text_slice(no_proxy), (ivs_slice){host, strcspn(host, "/?")}))
    return NULL;
  return proxy;
}

static bool is_connected(CURL *handle) {
  curl_off_t since = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &since);
  return since > 0;
}

/* Drives the transfer to its end. Returns the CURLcode. */
static CURLcode run(ivs_easy *easy, double read_timeout) {
  double deadline = 0; /* set when the connection stands */
  for (;;) {
    int running = 0, left;
    if (curl_multi_perform(easy->multi, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    CURLMsg *message = curl_multi_info_read(easy->multi, &left);
    if (message && message->msg == CURLMSG_DONE) return message->data.result;
    if (!running) return CURLE_RECV_ERROR;
    long wait = POLL_MAX_MS;
    if (deadline == 0 && is_connected(easy->handle)) deadline = monotonic() + read_timeout;
    if (deadline != 0) {
      double time_left = deadline - monotonic();
      if (time_left <= 0) return CURLE_OPERATION_TIMEDOUT;
      wait = milliseconds(time_left);
    }
    if (curl_multi_poll(easy->multi, NULL, 0, wait < POLL_MAX_MS ? (int)wait : POLL_MAX_MS, NULL) != CURLM_OK)
      return CURLE_OUT_OF_MEMORY;
  }
}

static double chosen(double special, double usual) {
  return special > 0 ? special : usual;
}

/* Sets the options of this exchange, runs it, and takes them away again (they point into the caller's
 * memory). */
static CURLcode perform(ivs_easy *easy, const ivs_request *request, const ivs_easy_exception *exception,
                        const char *proxy) {
  CURL *handle = easy->handle;
  struct curl_slist nodes[HEADER_LINES_MAX + 2];
  ivs_sigpipe guard;
  curl_easy_setopt(handle, CURLOPT_URL, ivs_buffer_text(&request->url));
  curl_easy_setopt(handle, CURLOPT_PROXY, proxy ? proxy : "");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   milliseconds(chosen(exception->connect_timeout, easy->connect_timeout)));
  set_method(easy, request);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list_headers(request, nodes));
  ivs_sigpipe_block(&guard);
  CURLcode result = CURLE_OUT_OF_MEMORY;
  if (curl_multi_add_handle(easy->multi, handle) == CURLM_OK) {
    result = run(easy, chosen(exception->read_timeout, easy->read_timeout));
    curl_multi_remove_handle(easy->multi, handle);
  }
  ivs_sigpipe_restore(&guard);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, NULL);
  return result;
}

int ivs_easy_exchange(ivs_easy *easy, const ivs_request *request, const ivs_easy_exception *exception,
                      ivs_response *response, ivs_failure *failure) {
  static const ivs_easy_exception none = {0};
  if (!exception) exception = &none;
  if (!easy->multi || !easy->handle || easy->owner != getpid() || ivs_sockets_have_bytes(&easy->sockets)) {
    stop(easy);
    if (start(easy)) {
      ivs_failure_from_status(failure, IVS_ENOMEM, "starting libcurl anew");
      return IVS_EREFUSED;
    }
  }
  ivs_intake_begin(&easy->intake, response);
  easy->detail[0] = '\0';
  const char *proxy = choose_proxy(easy, request, exception->direct);
  CURLcode result = perform(easy, request, exception, proxy);
  /* a head that breaks off is good enough for libcurl */
  if (result == CURLE_OK && !easy->intake.head_ended) result = CURLE_PARTIAL_FILE;
  if (result == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy->handle, CURLINFO_RESPONSE_CODE, &status);
    response->status = (int)status;
    if (!proxy || status != PROXY_AUTHENTICATION_REQUIRED) return IVS_OK;
    response->status = 0; /* not the endpoint's answer */
    ivs_fault_refused_by_proxy(failure, ivs_buffer_text(&request->url));
    return IVS_EREFUSED;
  }
  const ivs_fault_context context = {
      .url = ivs_buffer_text(&request->url),
      .detail = easy->detail[0] ? easy->detail : curl_easy_strerror(result),
      .proxied = proxy != NULL,
      .connected = is_connected(easy->handle),
      .too_big = easy->intake.too_big,
      .bad_length = easy->intake.bad_length,
      .no_memory = easy->intake.no_memory,
  };
  ivs_fault_describe(failure, (int)result, &context);
  return IVS_EREFUSED;
}
