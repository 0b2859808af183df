/* The loop over libcurl's multi handle, and the states of the transfers. */
#include "multi.h"
#include "core/clock.h"
#include "core/status.h"
#include "error_map.h"
#include "libcurl.h"
#include "sigpipe.h"
#include "transfer.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct ivs_multi {
  CURLM *handle;
  pid_t owner; /* a forked child does not use the connections */
  ivs_settings_copy settings;
  ivs_trust trust;
  ivs_sockets sockets;
  ivs_transfer *idle, *running, *ended;
  ivs_transfer *abandoned; /* timed out during a name lookup; in the multi handle until the lookup ends */
};

/* ---- lists ---- */

static void push(ivs_transfer **list, ivs_transfer *transfer) {
  transfer->next = *list;
  *list = transfer;
}

static ivs_transfer *pop(ivs_transfer **list) {
  ivs_transfer *first = *list;
  if (first) *list = first->next;
  return first;
}

static bool remove_from(ivs_transfer **list, const ivs_transfer *transfer) {
  while (*list && *list != transfer) list = &(*list)->next;
  if (!*list) return false;
  *list = transfer->next;
  return true;
}

/* ---- open and close ---- */

/* Returns an unused transfer; or NULL with *result set. */
static ivs_transfer *get_transfer(ivs_multi *multi, CURLcode *result) {
  ivs_transfer *transfer = pop(&multi->idle);
  if (transfer) return transfer;
  return ivs_transfer_open(&multi->settings.settings, &multi->trust, &multi->sockets, result);
}

int ivs_multi_open(ivs_multi **out, const ivs_settings *settings, int places, ivs_failure *failure) {
  CURLcode result = CURLE_OUT_OF_MEMORY;
  ivs_multi *multi = calloc(1, sizeof *multi);
  *out = multi;
  if (multi) multi->owner = getpid();
  int status = multi ? ivs_settings_take(&multi->settings, settings) : IVS_ENOMEM;
  if (!status && !ivs_sockets_init(&multi->sockets, places)) status = IVS_ENOMEM;
  if (status) {
    ivs_failure_from_status(failure, status, "starting libcurl");
  } else {
    multi->trust = ivs_trust_of(&multi->settings.settings);
    multi->handle = curl_multi_init();
    ivs_transfer *first = multi->handle ? get_transfer(multi, &result) : NULL;
    if (first) {
      push(&multi->idle, first);
      return IVS_OK;
    }
    ivs_error_map_not_started(failure, result);
  }
  ivs_multi_close(multi);
  *out = NULL;
  return IVS_EREFUSED;
}

static void remove_handle(ivs_multi *multi, ivs_transfer *transfer) {
  if (transfer->is_added) curl_multi_remove_handle(multi->handle, transfer->handle);
  transfer->is_added = false;
}

static void close_list(ivs_multi *multi, ivs_transfer *list) {
  for (ivs_transfer *each; (each = pop(&list));) {
    remove_handle(multi, each);
    ivs_transfer_close(each);
  }
}

/* Closes and frees everything. Waits for libcurl's threads. */
static void *clean_up(void *user) {
  ivs_multi *multi = user;
  ivs_sigpipe guard;
  ivs_sigpipe_block(&guard);
  close_list(multi, multi->abandoned);
  close_list(multi, multi->idle);
  if (multi->handle) curl_multi_cleanup(multi->handle);
  ivs_sigpipe_restore(&guard);
  ivs_sockets_free(&multi->sockets);
  ivs_settings_free(&multi->settings);
  free(multi);
  return NULL;
}

/* Cleans up in a thread that blocks all signals, so that the host's other threads handle them. */
static bool clean_up_in_thread(ivs_multi *multi) {
  sigset_t all, before;
  pthread_t thread;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before)) return false;
  bool is_started = pthread_create(&thread, NULL, clean_up, multi) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (is_started) pthread_detach(thread);
  return is_started;
}

/* In a forked child: frees the memory, but not libcurl's handles, because closing them would send data on the
 * parent's connections. */
static void forget(ivs_multi *multi) {
  ivs_transfer **const lists[] = {&multi->running, &multi->ended, &multi->abandoned, &multi->idle};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (ivs_transfer *each; (each = pop(lists[i]));) ivs_transfer_forget(each);
  ivs_sockets_free(&multi->sockets);
  ivs_settings_free(&multi->settings);
  free(multi);
}

void ivs_multi_close(ivs_multi *multi) {
  if (!multi) return;
  if (multi->owner != getpid()) {
    forget(multi);
    return;
  }
  ivs_multi_cancel(multi);
  if (!multi->abandoned || !clean_up_in_thread(multi)) clean_up(multi);
}

bool ivs_multi_is_usable(const ivs_multi *multi) {
  return multi->owner == getpid() && !multi->abandoned;
}

/* ---- begin and end of transfers ---- */

int ivs_multi_start(ivs_multi *multi, const ivs_exchange *exchange) {
  CURLcode result;
  const bool is_clean = ivs_sockets_end_unclean(&multi->sockets, !multi->running);
  ivs_transfer *transfer = get_transfer(multi, &result);
  if (!transfer) {
    ivs_error_map_not_started(exchange->failure, result);
    return IVS_EREFUSED;
  }
  result = ivs_transfer_begin(transfer, &multi->settings.settings, exchange, !is_clean);
  if (!result) {
    transfer->is_added = curl_multi_add_handle(multi->handle, transfer->handle) == CURLM_OK;
    if (!transfer->is_added) result = CURLE_OUT_OF_MEMORY;
  }
  if (transfer->is_added) {
    push(&multi->running, transfer);
    return IVS_OK;
  }
  ivs_transfer_end(transfer, result);
  push(&multi->idle, transfer);
  return IVS_EREFUSED;
}

/* After a successful transfer its connection is idle. */
static void mark_connection_idle(ivs_multi *multi, const ivs_transfer *transfer) {
  curl_socket_t descriptor = CURL_SOCKET_BAD;
  long port = 0;
  curl_easy_getinfo(transfer->handle, CURLINFO_ACTIVESOCKET, &descriptor);
  curl_easy_getinfo(transfer->handle, CURLINFO_LOCAL_PORT, &port);
  if (descriptor != CURL_SOCKET_BAD) ivs_sockets_mark_idle(&multi->sockets, (int)descriptor, port);
}

static void note_connected(ivs_multi *multi, ivs_transfer *transfer) {
  long port = 0;
  if (!ivs_transfer_is_newly_connected(transfer)) return;
  curl_easy_getinfo(transfer->handle, CURLINFO_LOCAL_PORT, &port);
  ivs_sockets_mark_busy(&multi->sockets, port);
  if (transfer->exchange.on_sent) transfer->exchange.on_sent(transfer->exchange.user);
}

/* Ends a transfer that is in no list. */
static void end(ivs_multi *multi, ivs_transfer *transfer, CURLcode result) {
  if (result == CURLE_OK) mark_connection_idle(multi, transfer);
  remove_handle(multi, transfer);
  ivs_transfer_end(transfer, result);
  push(&multi->ended, transfer);
}

/* Ends a transfer that has timed out. Ending a name lookup would wait for its thread, so such a transfer
 * stays in the multi handle until the lookup ends. */
static void time_out(ivs_multi *multi, ivs_transfer *transfer) {
  remove_from(&multi->running, transfer);
  if (ivs_transfer_is_looking_up(transfer)) {
    ivs_transfer_abandon(transfer);
    push(&multi->ended, transfer);
  } else {
    end(multi, transfer, CURLE_OPERATION_TIMEDOUT);
  }
}

/* Connects again with more authorities if that could help. */
static bool connect_again(ivs_multi *multi, ivs_transfer *transfer, CURLcode *result) {
  if (!ivs_transfer_widen_trust(transfer, result)) return false;
  remove_handle(multi, transfer);
  transfer->is_added = curl_multi_add_handle(multi->handle, transfer->handle) == CURLM_OK;
  if (!transfer->is_added) *result = CURLE_OUT_OF_MEMORY;
  return transfer->is_added;
}

/* libcurl has completed the transfer. Returns true if the exchange goes on. */
static bool take_result(ivs_multi *multi, ivs_transfer *transfer, CURLcode result) {
  if (remove_from(&multi->running, transfer)) {
    if (connect_again(multi, transfer, &result)) {
      push(&multi->running, transfer);
      return true;
    }
    note_connected(multi, transfer);
    end(multi, transfer, result);
  } else {
    remove_handle(multi, transfer);
    if (remove_from(&multi->abandoned, transfer)) push(&multi->idle, transfer);
  }
  return false;
}

/* Moves a transfer that has been reported to the list for its state; its name lookup may still be running. */
static void recycle(ivs_multi *multi, ivs_transfer *transfer) {
  push(transfer->is_added ? &multi->abandoned : &multi->idle, transfer);
}

void *ivs_multi_take_ended(ivs_multi *multi, int *status) {
  ivs_transfer *transfer = pop(&multi->ended);
  if (!transfer) return NULL;
  *status = transfer->status;
  recycle(multi, transfer);
  return transfer->exchange.user;
}

void ivs_multi_cancel(ivs_multi *multi) {
  ivs_transfer *transfer;
  ivs_sigpipe guard;
  ivs_sigpipe_block(&guard);
  while (multi->running) time_out(multi, multi->running);
  while ((transfer = pop(&multi->ended))) recycle(multi, transfer);
  ivs_sigpipe_restore(&guard);
}

/* ---- the loop ---- */

static void end_all(ivs_multi *multi, CURLcode result) {
  for (ivs_transfer *transfer; (transfer = pop(&multi->running));) end(multi, transfer, result);
}

/* libcurl before 7.87 waits for the thread of a name lookup that has timed out. */
static void end_late_lookups(ivs_multi *multi, double now) {
  for (ivs_transfer *each = multi->running, *next; each; each = next) {
    next = each->next;
    if (now >= each->deadline && ivs_transfer_is_looking_up(each)) time_out(multi, each);
  }
}

/* Runs the transfers as far as possible without waiting. */
static void perform(ivs_multi *multi) {
  int count = 0, remaining;
  bool is_continued = false;
  if (curl_multi_perform(multi->handle, &count) != CURLM_OK) {
    end_all(multi, CURLE_OUT_OF_MEMORY);
    return;
  }
  for (CURLMsg *message; (message = curl_multi_info_read(multi->handle, &remaining));) {
    ivs_transfer *transfer = NULL;
    const CURLcode result = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    if (take_result(multi, transfer, result)) is_continued = true;
  }
  if (!count && !is_continued) end_all(multi, CURLE_RECV_ERROR);
}

/* Records new connections, ends transfers that have timed out, and returns the earliest deadline of the
 * others. */
static double check_deadlines(ivs_multi *multi, double now) {
  double first = HUGE_VAL;
  for (ivs_transfer *each = multi->running, *next; each; each = next) {
    next = each->next;
    note_connected(multi, each);
    if (now >= each->deadline)
      time_out(multi, each);
    else
      first = fmin(first, each->deadline);
  }
  return first;
}

void ivs_multi_run(ivs_multi *multi, double seconds, const ivs_multi_interrupt *interrupt) {
  ivs_sigpipe guard;
  double now = ivs_clock_monotonic();
  const double until = now + seconds;
  ivs_sigpipe_block(&guard);
  for (;;) {
    end_late_lookups(multi, now);
    perform(multi);
    now = ivs_clock_monotonic();
    const double deadline = fmin(check_deadlines(multi, now), until);
    if (multi->ended || now >= until || (interrupt && interrupt->is_due(interrupt->user))) break;
    const double wait = fmin(deadline - now, IVS_MULTI_POLL_SECONDS);
    if (curl_multi_poll(multi->handle, NULL, 0, (int)ceil(wait * 1000), NULL) != CURLM_OK)
      end_all(multi, CURLE_OUT_OF_MEMORY);
    now = ivs_clock_monotonic();
  }
  ivs_sigpipe_restore(&guard);
}
