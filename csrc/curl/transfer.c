/* Opens and closes an easy handle; begins and ends an exchange. */
#include "transfer.h"
#include "core/clock.h"
#include "core/status.h"
#include "error_map.h"
#include "libcurl.h"
#include "options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { LATER_MS = 100, PROXY_AUTHENTICATION_REQUIRED = 407 };

static long milliseconds(double seconds) {
  const double most = INT_MAX - LATER_MS;
  if (seconds * 1000 >= most) return (long)most;
  return seconds * 1000 >= 1 ? (long)(seconds * 1000) : 1;
}

/* ---- open and close ---- */

static int on_connected(void *user, char *to, char *from, int to_port, int from_port) {
  ivs_transfer *transfer = user;
  (void)to, (void)from, (void)to_port, (void)from_port;
  transfer->is_connected = true;
  return CURL_PREREQFUNC_OK;
}

/* libcurl has this callback since 7.80. */
static CURLcode follow_connection(ivs_transfer *transfer) {
  CURLcode result = curl_easy_setopt(transfer->handle, CURLOPT_PREREQFUNCTION, on_connected);
  transfer->has_prereq = result == CURLE_OK;
  if (result == CURLE_UNKNOWN_OPTION) return CURLE_OK;
  IVS_OPTION(result, transfer->handle, CURLOPT_PREREQDATA, transfer);
  return result;
}

static CURLcode set_trust(ivs_transfer *transfer) {
  transfer->is_directory_enough = transfer->trust->is_directory_enough;
  return ivs_trust_set(transfer->trust, transfer->handle);
}

static CURLcode set_up(ivs_transfer *transfer, const ivs_settings *settings) {
  CURLcode result = CURLE_OK;
  if (curl_version_info(CURLVERSION_NOW)->version_num < IVS_LIBCURL_MIN) return CURLE_FAILED_INIT;
  transfer->handle = curl_easy_init();
  if (!transfer->handle) return CURLE_OUT_OF_MEMORY;
  IVS_OPTION(result, transfer->handle, CURLOPT_PRIVATE, transfer);
  IVS_OPTION(result, transfer->handle, CURLOPT_ERRORBUFFER, transfer->detail);
  if (!result) result = ivs_options_set_fixed(transfer->handle, settings);
  if (!result) result = set_trust(transfer);
  if (!result) result = ivs_intake_attach(&transfer->intake, transfer->handle);
  if (!result) result = ivs_handshake_attach(&transfer->handshake, transfer->handle);
  if (!result) result = ivs_sockets_attach(&transfer->opener, transfer->handle);
  return result ? result : follow_connection(transfer);
}

ivs_transfer *ivs_transfer_open(const ivs_settings *settings, ivs_trust *trust, ivs_sockets *sockets,
                                CURLcode *result) {
  ivs_transfer *transfer = calloc(1, sizeof *transfer);
  *result = CURLE_OUT_OF_MEMORY;
  if (!transfer) return NULL;
  ivs_url_init(&transfer->url);
  ivs_headers_init(&transfer->headers);
  transfer->opener.sockets = sockets;
  transfer->trust = trust;
  *result = set_up(transfer, settings);
  if (!*result) return transfer;
  ivs_transfer_close(transfer);
  return NULL;
}

void ivs_transfer_forget(ivs_transfer *transfer) {
  ivs_url_free(&transfer->url);
  ivs_headers_free(&transfer->headers);
  free(transfer);
}

void ivs_transfer_close(ivs_transfer *transfer) {
  curl_easy_cleanup(transfer->handle);
  ivs_transfer_forget(transfer);
}

/* ---- one exchange ---- */

static double chosen(double special, double usual) {
  return special > 0 ? special : usual;
}

static CURLcode set_options(ivs_transfer *transfer, double connect_timeout) {
  const ivs_request *request = transfer->exchange.request;
  CURL *handle = transfer->handle;
  struct curl_slist *headers = ivs_headers_list(&transfer->headers, request);
  CURLcode result = headers ? ivs_options_set_request(handle, request, transfer->proxy) : CURLE_OUT_OF_MEMORY;
  if (!result) result = ivs_url_set(&transfer->url, handle, &request->url);
  IVS_OPTION(result, handle, CURLOPT_HTTPHEADER, headers);
  /* Our deadline is earlier than libcurl's limit, which libcurl divides between the addresses of a host. */
  IVS_OPTION(result, handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(connect_timeout) + LATER_MS);
  return result;
}

/* Forgets what an earlier connection left. */
static void begin_connection(ivs_transfer *transfer) {
  ivs_intake_begin(&transfer->intake, transfer->exchange.response);
  ivs_handshake_begin(&transfer->handshake);
  transfer->opener.opened = 0;
  transfer->opener.is_abandoned = false;
  transfer->is_connected = transfer->is_connection_noted = false;
  transfer->detail[0] = '\0';
}

CURLcode ivs_transfer_begin(ivs_transfer *transfer, const ivs_settings *settings,
                            const ivs_exchange *exchange, bool is_fresh) {
  transfer->exchange = *exchange;
  transfer->exchange.read_timeout = chosen(exchange->read_timeout, settings->read_timeout);
  const double connect_timeout = chosen(exchange->connect_timeout, settings->connect_timeout);
  transfer->proxy = exchange->direct ? NULL : ivs_settings_proxy(settings, exchange->request);
  begin_connection(transfer);
  transfer->deadline = ivs_clock_monotonic() + connect_timeout;
  CURLcode result = set_options(transfer, connect_timeout);
  if (!result && transfer->is_directory_enough != transfer->trust->is_directory_enough)
    result = set_trust(transfer);
  IVS_OPTION(result, transfer->handle, CURLOPT_FRESH_CONNECT, is_fresh ? 1L : 0L);
  return result;
}

bool ivs_transfer_widen_trust(ivs_transfer *transfer, CURLcode *result) {
  if (!transfer->is_directory_enough || !ivs_trust_may_widen(transfer->handle, *result)) return false;
  transfer->trust->is_directory_enough = false;
  *result = set_trust(transfer);
  if (*result) return false;
  begin_connection(transfer);
  return true;
}

/* Before 7.80 this time is set only if there is a connection; since 8.21 also after failures. */
static void note_connection(ivs_transfer *transfer) {
  curl_off_t since = 0;
  if (transfer->has_prereq || transfer->is_connected) return;
  curl_easy_getinfo(transfer->handle, CURLINFO_PRETRANSFER_TIME_T, &since);
  transfer->is_connected = since > 0;
}

bool ivs_transfer_is_newly_connected(ivs_transfer *transfer) {
  note_connection(transfer);
  if (!transfer->is_connected || transfer->is_connection_noted) return false;
  transfer->is_connection_noted = true;
  transfer->deadline = ivs_clock_monotonic() + transfer->exchange.read_timeout;
  return true;
}

bool ivs_transfer_is_looking_up(const ivs_transfer *transfer) {
  return !transfer->is_connected && !transfer->opener.opened;
}

static int describe(ivs_transfer *transfer, CURLcode result) {
  const ivs_exchange *exchange = &transfer->exchange;
  const bool is_proxied = transfer->proxy != NULL;
  const char *url = ivs_buffer_text(&exchange->request->url);
  if (result == CURLE_OK && (!is_proxied || exchange->response->status != PROXY_AUTHENTICATION_REQUIRED))
    return IVS_OK;
  exchange->response->status = 0; /* it is not a response of the endpoint */
  if (result == CURLE_OK)
    ivs_error_map_refused_by_proxy(exchange->failure, url);
  else
    ivs_error_map_describe(exchange->failure, result, transfer);
  return IVS_EREFUSED;
}

void ivs_transfer_end(ivs_transfer *transfer, CURLcode result) {
  note_connection(transfer);
  if (result == CURLE_SSL_CACERT_BADFILE && transfer->trust->file)
    snprintf(transfer->detail, sizeof transfer->detail, "cannot read certificate authorities from %s",
             transfer->trust->file);
  /* libcurl accepts a truncated head as complete. */
  if (result == CURLE_OK && !ivs_intake_has_head(&transfer->intake)) result = CURLE_PARTIAL_FILE;
  transfer->status = describe(transfer, result);
  ivs_options_clear_request(transfer->handle);
}

void ivs_transfer_abandon(ivs_transfer *transfer) {
  transfer->opener.is_abandoned = true;
  /* libcurl before 7.87 waits for the name lookup when its own limit is reached. */
  (void)curl_easy_setopt(transfer->handle, CURLOPT_CONNECTTIMEOUT_MS, (long)INT_MAX);
  ivs_transfer_end(transfer, CURLE_OPERATION_TIMEDOUT);
}
