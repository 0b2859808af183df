/* The life of the handles, and the loop of an exchange. */
#include "session.h"
#include "clock.h"
#include "libcurl.h"
#include "options.h"
#include "sigpipe.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { POLL_MAX_MS = 1000, LATER_MS = 100 };

static long milliseconds(double seconds) {
  const double most = INT_MAX - LATER_MS;
  if (seconds * 1000 >= most) return (long)most;
  return seconds * 1000 >= 1 ? (long)(seconds * 1000) : 1;
}

/* ---- open and close ---- */

static int on_connected(void *user, char *to, char *from, int to_port, int from_port) {
  ivs_session *session = user;
  (void)to, (void)from, (void)to_port, (void)from_port;
  session->is_connected = true;
  return CURL_PREREQFUNC_OK;
}

/* The callback is known to libcurl 7.80 and later. */
static CURLcode follow_connection(ivs_session *session) {
  CURLcode result = curl_easy_setopt(session->handle, CURLOPT_PREREQFUNCTION, on_connected);
  session->has_prereq = result == CURLE_OK;
  if (result == CURLE_UNKNOWN_OPTION) return CURLE_OK;
  IVS_OPTION(result, session->handle, CURLOPT_PREREQDATA, session);
  return result;
}

static CURLcode set_up(ivs_session *session, const ivs_easy_settings *settings) {
  CURLcode result = CURLE_OK;
  if (curl_version_info(CURLVERSION_NOW)->version_num < IVS_LIBCURL_MIN) return CURLE_FAILED_INIT;
  session->multi = curl_multi_init();
  session->handle = curl_easy_init();
  if (!session->multi || !session->handle) return CURLE_OUT_OF_MEMORY;
  IVS_OPTION(result, session->handle, CURLOPT_ERRORBUFFER, session->detail);
  if (!result) result = ivs_options_set_fixed(session->handle, settings);
  if (!result) result = ivs_intake_follow(&session->intake, session->handle);
  if (!result) result = ivs_handshake_follow(&session->handshake, session->handle);
  if (!result) result = ivs_sockets_follow(&session->sockets, session->handle);
  return result ? result : follow_connection(session);
}

ivs_session *ivs_session_open(const ivs_easy_settings *settings, CURLcode *result) {
  ivs_session *session = calloc(1, sizeof *session);
  *result = CURLE_OUT_OF_MEMORY;
  if (!session) return NULL;
  session->owner = getpid();
  *result = set_up(session, settings);
  if (!*result) return session;
  ivs_session_close(session);
  return NULL;
}

/* Waits for what libcurl does in threads. */
static void *clean_up(void *user) {
  ivs_session *session = user;
  ivs_sigpipe guard;
  ivs_sigpipe_block(&guard);
  if (session->multi && session->handle) curl_multi_remove_handle(session->multi, session->handle);
  curl_easy_cleanup(session->handle);
  if (session->multi) curl_multi_cleanup(session->multi);
  ivs_sigpipe_restore(&guard);
  free(session);
  return NULL;
}

/* Cleans up in a thread, which takes no signal of the host's. */
static bool clean_up_aside(ivs_session *session) {
  sigset_t all, before;
  pthread_t thread;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before)) return false;
  bool is_started = pthread_create(&thread, NULL, clean_up, session) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (is_started) pthread_detach(thread);
  return is_started;
}

void ivs_session_close(ivs_session *session) {
  if (!session) return;
  if (session->owner != getpid())
    free(session); /* the sockets are the parent's: closing would speak on them */
  else if (!session->is_left || !clean_up_aside(session))
    clean_up(session);
}

bool ivs_session_is_usable(ivs_session *session) {
  return session->owner == getpid() && !session->is_left && ivs_sockets_end_unclean(&session->sockets);
}

/* ---- one exchange ---- */

/* Before 7.80 the time of connection is set only when there was one; since 8.21 for failures, too. */
static bool is_connected(ivs_session *session) {
  curl_off_t since = 0;
  if (!session->has_prereq && !session->is_connected) {
    curl_easy_getinfo(session->handle, CURLINFO_PRETRANSFER_TIME_T, &since);
    session->is_connected = since > 0;
  }
  return session->is_connected;
}

/* No connection is used, and none begun. */
static bool is_looking_up(const ivs_session *session) {
  return !session->is_connected && !session->sockets.opened;
}

/* Drives the transfer to its end. */
static CURLcode drive(ivs_session *session, const ivs_session_limits *limits) {
  double deadline = ivs_clock_monotonic() + limits->connect;
  bool is_read_by = false; /* the deadline is that of reading */
  for (;;) {
    int running = 0, left;
    if (curl_multi_perform(session->multi, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    CURLMsg *message = curl_multi_info_read(session->multi, &left);
    if (message && message->msg == CURLMSG_DONE) return message->data.result;
    if (!running) return CURLE_RECV_ERROR;
    if (is_connected(session) && !is_read_by) {
      deadline = ivs_clock_monotonic() + limits->read;
      is_read_by = true;
    }
    double time_left = deadline - ivs_clock_monotonic();
    if (time_left <= 0) return CURLE_OPERATION_TIMEDOUT;
    long wait = milliseconds(time_left);
    if (curl_multi_poll(session->multi, NULL, 0, wait < POLL_MAX_MS ? (int)wait : POLL_MAX_MS, NULL) !=
        CURLM_OK)
      return CURLE_OUT_OF_MEMORY;
    /* libcurl before 7.87, when it ends a look-up, waits for its thread */
    if (is_looking_up(session) && ivs_clock_monotonic() >= deadline) return CURLE_OPERATION_TIMEDOUT;
  }
}

void ivs_session_begin(ivs_session *session, ivs_response *response) {
  ivs_intake_begin(&session->intake, response);
  ivs_handshake_begin(&session->handshake);
  session->sockets.opened = 0;
  session->is_connected = false;
  session->detail[0] = '\0';
}

CURLcode ivs_session_run(ivs_session *session, const ivs_session_limits *limits) {
  ivs_sigpipe guard;
  CURLcode result = CURLE_OK;
  /* drive() is first to give up; libcurl shares the time between a host's addresses. */
  IVS_OPTION(result, session->handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits->connect) + LATER_MS);
  if (result) return result;
  ivs_sigpipe_block(&guard);
  result = CURLE_OUT_OF_MEMORY;
  if (curl_multi_add_handle(session->multi, session->handle) == CURLM_OK) {
    result = drive(session, limits);
    /* a head that breaks off is good enough for libcurl */
    if (result == CURLE_OK && !ivs_intake_has_head(&session->intake)) result = CURLE_PARTIAL_FILE;
    is_connected(session);
    session->is_left = result == CURLE_OPERATION_TIMEDOUT && is_looking_up(session);
    if (!session->is_left) curl_multi_remove_handle(session->multi, session->handle);
  }
  ivs_sigpipe_restore(&guard);
  return result;
}
