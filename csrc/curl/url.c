/* Sets CURLOPT_CURLU, or CURLOPT_URL if the URL cannot be parsed: libcurl then reports the error. */
#include "url.h"
#include "libcurl.h"

#include <stdbool.h>
#include <string.h>

enum { TEXT_CAP = 8 * 1024 };

void ivs_url_init(ivs_url *url) {
  url->parsed = NULL;
  ivs_buffer_init(&url->text, TEXT_CAP);
}

void ivs_url_free(ivs_url *url) {
  curl_url_cleanup(url->parsed);
  ivs_buffer_free(&url->text);
  ivs_url_init(url);
}

static bool parse(ivs_url *url, const ivs_buffer *text) {
  curl_url_cleanup(url->parsed);
  url->parsed = NULL;
  if (ivs_buffer_set(&url->text, ivs_buffer_text(text), text->length)) return false;
  url->parsed = curl_url();
  if (!url->parsed) return false;
  if (!curl_url_set(url->parsed, CURLUPART_URL, ivs_buffer_text(text), CURLU_PATH_AS_IS)) return true;
  curl_url_cleanup(url->parsed);
  url->parsed = NULL;
  return false;
}

static bool is_same(const ivs_buffer *a, const ivs_buffer *b) {
  return a->length == b->length && memcmp(ivs_buffer_text(a), ivs_buffer_text(b), a->length) == 0;
}

CURLcode ivs_url_set(ivs_url *url, CURL *handle, const ivs_buffer *text) {
  CURLcode result = CURLE_OK;
  if (url->parsed && is_same(&url->text, text)) return CURLE_OK;
  /* libcurl does not own the old CURLU, which is about to be freed. */
  IVS_OPTION(result, handle, CURLOPT_CURLU, NULL);
  const bool is_parsed = parse(url, text);
  IVS_OPTION(result, handle, CURLOPT_URL, is_parsed ? NULL : ivs_buffer_text(text));
  if (is_parsed) IVS_OPTION(result, handle, CURLOPT_CURLU, url->parsed);
  return result;
}
