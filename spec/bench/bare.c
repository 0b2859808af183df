/* The bare libcurl loop of bare.h. */
#include "bare.h"

#include <curl/curl.h>
#include <stdlib.h>

struct bare {
  CURL *handle;
  struct curl_slist *headers;
};

static size_t drop(char *data, size_t size, size_t count, void *user) {
  (void)data;
  (void)user;
  return size * count;
}

bare *bare_open(const char *url, const char *ca_bundle, const char *body, size_t body_length) {
  bare *b = calloc(1, sizeof *b);
  if (!b) return NULL;
  b->handle = curl_easy_init();
  if (!b->handle) {
    free(b);
    return NULL;
  }
  curl_easy_setopt(b->handle, CURLOPT_URL, url);
  if (*ca_bundle) curl_easy_setopt(b->handle, CURLOPT_CAINFO, ca_bundle);
  curl_easy_setopt(b->handle, CURLOPT_NOSIGNAL, 1L); /* then libcurl does not block SIGPIPE itself */
  curl_easy_setopt(b->handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(b->handle, CURLOPT_POST, 1L);
  curl_easy_setopt(b->handle, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(b->handle, CURLOPT_POSTFIELDSIZE, (long)body_length);
  curl_easy_setopt(b->handle, CURLOPT_WRITEFUNCTION, drop);
  return b;
}

bool bare_add_header(bare *b, const char *line) {
  struct curl_slist *longer = curl_slist_append(b->headers, line);
  if (!longer) return false;
  b->headers = longer;
  return true;
}

void bare_sign(bare *b, const char *scope, const char *user_and_password) {
  curl_easy_setopt(b->handle, CURLOPT_AWS_SIGV4, scope);
  curl_easy_setopt(b->handle, CURLOPT_USERPWD, user_and_password);
}

size_t bare_run(bare *b, size_t count) {
  size_t good = 0;
  curl_easy_setopt(b->handle, CURLOPT_HTTPHEADER, b->headers);
  for (size_t i = 0; i < count; i++) {
    long status = 0;
    if (curl_easy_perform(b->handle) != CURLE_OK) continue;
    curl_easy_getinfo(b->handle, CURLINFO_RESPONSE_CODE, &status);
    good += status == 200;
  }
  return good;
}

void bare_close(bare *b) {
  if (!b) return;
  curl_easy_cleanup(b->handle);
  curl_slist_free_all(b->headers);
  free(b);
}
