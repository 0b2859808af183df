/* The bare loop of bare_multi.h. */
#include "bare_multi.h"

#include <curl/curl.h>

enum { PLACES_MAX = 256, POLL_MS = 1000 };

static size_t drop(char *data, size_t size, size_t count, void *user) {
  (void)data;
  (void)user;
  return size * count;
}

static CURL *new_handle(const bare_multi_request *request) {
  CURL *handle = curl_easy_init();
  if (!handle) return NULL;
  curl_easy_setopt(handle, CURLOPT_URL, request->url);
  curl_easy_setopt(handle, CURLOPT_CAINFO, request->ca_bundle);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)request->body_length);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, request->headers);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, drop);
  return handle;
}

size_t bare_multi_run(const bare_multi_request *request, size_t count, size_t places) {
  CURL *handles[PLACES_MAX] = {NULL};
  CURLM *multi = curl_multi_init();
  size_t begun = 0, ended = 0, good = 0;
  if (!multi || places > PLACES_MAX) return 0;
  for (; begun < places && begun < count; begun++) {
    handles[begun] = new_handle(request);
    curl_multi_add_handle(multi, handles[begun]);
  }
  while (ended < count) {
    int running = 0, left;
    curl_multi_perform(multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
      CURL *handle = message->easy_handle;
      const CURLcode result = message->data.result;
      long status = 0;
      curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
      good += result == CURLE_OK && status == 200;
      ended++;
      curl_multi_remove_handle(multi, handle);
      if (begun < count) {
        curl_multi_add_handle(multi, handle);
        begun++;
        running++;
      }
    }
    if (running) curl_multi_poll(multi, NULL, 0, POLL_MS, NULL);
  }
  for (size_t i = 0; i < places; i++) {
    curl_multi_remove_handle(multi, handles[i]);
    curl_easy_cleanup(handles[i]);
  }
  curl_multi_cleanup(multi);
  return good;
}
