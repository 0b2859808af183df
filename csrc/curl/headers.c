/* Converts header lines to a curl_slist. */
#include "headers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Suppress libcurl's default headers. The request's own headers precede these in the list, so they are still
 * sent. */
static const char *const unwanted[] = {"Accept:", "Accept-Encoding:", "Content-Type:", "Expect:"};
enum { UNWANTED_COUNT = sizeof unwanted / sizeof *unwanted, VALUELESS_CAP = 256 * 1024 };

void ivs_headers_init(ivs_headers *headers) {
  headers->nodes = NULL;
  headers->capacity = 0;
  ivs_buffer_init(&headers->valueless, VALUELESS_CAP);
}

void ivs_headers_free(ivs_headers *headers) {
  free(headers->nodes);
  ivs_buffer_free(&headers->valueless);
  ivs_headers_init(headers);
}

static bool has_value(const char *line) {
  const char *colon = strchr(line, ':');
  return colon && colon[1 + strspn(colon + 1, " \t")];
}

static bool is_length(const char *line) {
  static const char name[] = "Content-Length:";
  return strncasecmp(line, name, sizeof name - 1) == 0;
}

/* Counts the lines and writes the "Name;" texts. The list is built afterwards: pointers into the buffer are
 * valid only when it no longer grows. */
static int prepare(ivs_headers *headers, const ivs_request *request, size_t *count) {
  const char *line;
  ivs_buffer_reset(&headers->valueless);
  *count = 0;
  for (size_t at = 0; (line = ivs_request_next_header(request, &at)); ++*count) {
    if (has_value(line)) continue;
    ivs_buffer_add(&headers->valueless, line, strcspn(line, ":"));
    ivs_buffer_add(&headers->valueless, ";", 2);
  }
  return ivs_buffer_status(&headers->valueless);
}

static int reserve(ivs_headers *headers, size_t count) {
  if (count <= headers->capacity) return 0;
  free(headers->nodes);
  headers->capacity = 0;
  headers->nodes = malloc(count * sizeof *headers->nodes);
  if (!headers->nodes) return -1;
  headers->capacity = count;
  return 0;
}

struct curl_slist *ivs_headers_list(ivs_headers *headers, const ivs_request *request) {
  size_t lines, count = 0;
  const char *line;
  if (prepare(headers, request, &lines) || reserve(headers, lines + UNWANTED_COUNT)) return NULL;
  const char *valueless = ivs_buffer_text(&headers->valueless);
  for (size_t at = 0; (line = ivs_request_next_header(request, &at));) {
    if (!has_value(line)) {
      line = valueless;
      valueless += strlen(valueless) + 1;
    } else if (is_length(line)) {
      continue;
    }
    headers->nodes[count++].data = (char *)(uintptr_t)line;
  }
  for (size_t i = 0; i < UNWANTED_COUNT; i++) headers->nodes[count++].data = (char *)(uintptr_t)unwanted[i];
  for (size_t i = 0; i < count; i++) headers->nodes[i].next = i + 1 < count ? &headers->nodes[i + 1] : NULL;
  return headers->nodes;
}
