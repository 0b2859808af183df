/* The HTTP/1.1 reader. Each state has one function that reads its lines; bodies are copied. */
#include "http1.h"
#include "status.h"

#include <string.h>

void ivs_http1_init(ivs_http1 *reader, size_t max_body) {
  memset(reader, 0, sizeof *reader);
  ivs_response_init(&reader->response, max_body);
  ivs_buffer_init(&reader->line, IVS_RESPONSE_HEAD_MAX);
  ivs_http1_reset(reader, false);
}

void ivs_http1_reset(ivs_http1 *reader, bool bodiless) {
  ivs_response_reset(&reader->response);
  ivs_buffer_reset(&reader->line);
  reader->bodiless = bodiless;
  reader->keep_alive = false;
  reader->problem = NULL;
  reader->truncated = false;
  reader->state = IVS_HTTP1_STATUS_LINE;
  reader->failed = IVS_OK;
  reader->head_left = IVS_RESPONSE_HEAD_MAX;
  reader->body_left = 0;
  reader->has_length = reader->has_chunks = reader->may_keep_alive = false;
  reader->last = IVS_HTTP1_NOTHING;
}

void ivs_http1_free(ivs_http1 *reader) {
  ivs_response_free(&reader->response);
  ivs_buffer_free(&reader->line);
}

bool ivs_http1_is_done(const ivs_http1 *reader) {
  return reader->state == IVS_HTTP1_DONE;
}

static int fail(ivs_http1 *reader, int status, const char *problem) {
  reader->failed = status;
  reader->problem = problem;
  reader->keep_alive = false;
  return status;
}

static int malformed(ivs_http1 *reader, const char *problem) {
  return fail(reader, IVS_EINVAL, problem);
}

/* The end of the message cannot be found. */
static int truncated(ivs_http1 *reader, const char *problem) {
  reader->truncated = true;
  return malformed(reader, problem);
}

static void finish(ivs_http1 *reader) {
  reader->state = IVS_HTTP1_DONE;
  reader->keep_alive = reader->may_keep_alive;
}

/* ---- the head ---- */

static const char version[] = "HTTP/1.";
static const size_t version_length = sizeof version - 1;

/* "HTTP/1.1 200 OK"; the reason phrase and the space before it are optional (RFC 9112, 4). */
static int read_status_line(ivs_http1 *reader, ivs_slice line) {
  const size_t digits_at = version_length + 2; /* after the minor version and a space */
  int status = 0;
  if (line.length < digits_at + 3 || memcmp(line.data, version, version_length) != 0 ||
      (line.data[version_length] != '0' && line.data[version_length] != '1') ||
      line.data[version_length + 1] != ' ')
    return malformed(reader, "it does not begin with the status line of HTTP/1.0 or HTTP/1.1");
  for (size_t i = digits_at; i < digits_at + 3; i++) {
    if (!ivs_text_is_digit(line.data[i])) return malformed(reader, "its status code is not a number");
    status = status * 10 + (line.data[i] - '0');
  }
  if (status < 100 || (line.length > digits_at + 3 && line.data[digits_at + 3] != ' '))
    return malformed(reader, "its status code is not a number of three digits");
  ivs_response_reset(&reader->response); /* drops an interim response */
  reader->response.status = status;
  reader->may_keep_alive =
      line.data[version_length] != '0'; /* the keep-alive extension of HTTP/1.0 is not supported */
  reader->has_length = reader->has_chunks = false;
  reader->last = IVS_HTTP1_NOTHING;
  reader->state = IVS_HTTP1_HEADERS;
  return IVS_OK;
}

/* A Content-Length may be repeated with the same value (RFC 9110, 8.6). */
static int read_length(ivs_http1 *reader, ivs_slice value) {
  const ivs_slice earlier = ivs_response_header(&reader->response, "content-length");
  if (reader->has_length && !(earlier.data && ivs_text_equal(value, earlier.data)))
    return malformed(reader, "it has two different Content-Lengths");
  if (!ivs_message_read_length(value, &reader->body_left))
    return malformed(reader, "its Content-Length is not a number");
  reader->has_length = true;
  return IVS_OK;
}

/* "chunked" may be repeated: it is never applied twice (RFC 9112, 6.1). */
static int read_coding(ivs_http1 *reader, ivs_slice list) {
  for (ivs_slice coding; ivs_text_next_member(&list, &coding);) {
    if (ivs_text_equal_ignoring_case(coding, "chunked"))
      reader->has_chunks = true;
    else if (!ivs_text_equal_ignoring_case(coding, "identity"))
      return malformed(reader, "its Transfer-Encoding is not supported");
  }
  return IVS_OK;
}

static void read_connection(ivs_http1 *reader, ivs_slice list) {
  for (ivs_slice option; ivs_text_next_member(&list, &option);)
    if (ivs_text_equal_ignoring_case(option, "close")) reader->may_keep_alive = false;
}

/*
 * Drops the continuation line of a folded header (RFC 9112, 5.2). Rejects it for a header that sets the
 * body's length: some recipients join such lines, others drop them.
 */
static int skip_fold(ivs_http1 *reader) {
  if (reader->last == IVS_HTTP1_OTHER) return IVS_OK;
  return malformed(reader,
                   "a folded line does not follow a header, or follows one that sets the body's length");
}

static bool is_folded(ivs_slice line) {
  return line.data[0] == ' ' || line.data[0] == '\t';
}

static int read_header(ivs_http1 *reader, ivs_slice line) {
  if (is_folded(line)) return skip_fold(reader);
  const char *colon = memchr(line.data, ':', line.length);
  if (!colon) return malformed(reader, "a header has no colon");
  const ivs_slice name = {line.data, (size_t)(colon - line.data)};
  const ivs_slice value = ivs_text_trim((ivs_slice){colon + 1, line.length - name.length - 1});
  const bool is_length = ivs_text_equal_ignoring_case(name, "content-length");
  const bool is_coding = ivs_text_equal_ignoring_case(name, "transfer-encoding");
  int status = IVS_OK;
  reader->last = is_length || is_coding ? IVS_HTTP1_LENGTH : IVS_HTTP1_OTHER;
  if (is_length) status = read_length(reader, value);
  if (is_coding) status = read_coding(reader, value);
  if (status) return status;
  if (ivs_text_equal_ignoring_case(name, "connection")) read_connection(reader, value);
  status = ivs_response_add_header(&reader->response, name, value);
  if (status == IVS_ETOOBIG) return fail(reader, status, "its headers are larger than 64 KiB");
  if (status == IVS_ENOMEM) return fail(reader, status, "out of memory");
  return IVS_OK; /* other malformed headers are ignored, as HTTP clients do */
}

/* After the head: determines how the body ends (RFC 9112, 6.3). */
static int begin_body(ivs_http1 *reader) {
  const int status = reader->response.status;
  if (status == 101) return malformed(reader, "it switches to another protocol");
  if (status < 200) { /* an interim response; the final one follows */
    reader->state = IVS_HTTP1_STATUS_LINE;
    return IVS_OK;
  }
  if (reader->has_length && reader->has_chunks)
    reader->may_keep_alive = false; /* RFC 9112, 6.3: chunked takes precedence */
  const bool is_empty = !reader->has_chunks && reader->has_length && reader->body_left == 0;
  if (is_empty || reader->bodiless || status == 204 || status == 304) {
    finish(reader);
  } else if (reader->has_chunks) {
    reader->state = IVS_HTTP1_CHUNK_SIZE;
  } else if (!reader->has_length) {
    reader->may_keep_alive = false;
    reader->state = IVS_HTTP1_BODY_TO_END;
  } else {
    reader->state = IVS_HTTP1_BODY;
  }
  return IVS_OK;
}

/* ---- the body ---- */

static int hexadecimal(char c) {
  const char lower = ivs_text_lower(c);
  if (ivs_text_is_digit(c)) return c - '0';
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* "1a" or "1a;name=value" (RFC 9112, 7.1). Ignores everything after the number. */
static int read_chunk_size(ivs_http1 *reader, ivs_slice line) {
  enum { DIGITS_MAX = 16 };
  uint64_t size = 0;
  size_t at = 0;
  for (int digit; at < line.length && (digit = hexadecimal(line.data[at])) >= 0; at++) {
    if (at == DIGITS_MAX) return truncated(reader, "a chunk's size is out of range");
    size = size * 16 + (uint64_t)digit;
  }
  if (at == 0) return truncated(reader, "a chunk's size is not a number");
  if (size > INT64_MAX) return truncated(reader, "a chunk's size is out of range");
  reader->body_left = size;
  reader->state = size ? IVS_HTTP1_BODY : IVS_HTTP1_TRAILERS;
  return IVS_OK;
}

/* Copies bytes that belong to the body; returns their number. */
static size_t take_body(ivs_http1 *reader, const char *bytes, size_t length) {
  if (reader->state == IVS_HTTP1_BODY && length > reader->body_left) length = (size_t)reader->body_left;
  int status = ivs_buffer_add(&reader->response.body, bytes, length);
  if (status) {
    fail(reader, status, status == IVS_ENOMEM ? "out of memory" : "its body is larger than allowed");
    return 0;
  }
  if (reader->state != IVS_HTTP1_BODY) return length;
  reader->body_left -= length;
  if (reader->body_left) return length;
  if (reader->has_chunks)
    reader->state = IVS_HTTP1_CHUNK_END;
  else
    finish(reader);
  return length;
}

/* ---- lines ---- */

/* Drops the trailers: no header that is used here may be sent in them. */
static int read_trailer(ivs_http1 *reader, ivs_slice line) {
  if (!line.length) finish(reader);
  if (line.length && !is_folded(line) && !memchr(line.data, ':', line.length))
    return malformed(reader, "a trailer has no colon");
  return IVS_OK;
}

static bool is_chunk_line(const ivs_http1 *reader) {
  return reader->state == IVS_HTTP1_CHUNK_SIZE || reader->state == IVS_HTTP1_CHUNK_END;
}

static int read_line(ivs_http1 *reader, ivs_slice line) {
  if (!is_chunk_line(reader) && !ivs_message_is_clean_line(line))
    return malformed(reader, "its head or its trailers contain a NUL or a carriage return within a line");
  switch (reader->state) {
  case IVS_HTTP1_STATUS_LINE:
    return read_status_line(reader, line);
  case IVS_HTTP1_HEADERS:
    return line.length ? read_header(reader, line) : begin_body(reader);
  case IVS_HTTP1_CHUNK_SIZE:
    return read_chunk_size(reader, line);
  case IVS_HTTP1_CHUNK_END:
    if (line.length) return truncated(reader, "a chunk does not have the length of its size line");
    reader->state = IVS_HTTP1_CHUNK_SIZE;
    return IVS_OK;
  case IVS_HTTP1_TRAILERS:
    return read_trailer(reader, line);
  default:
    return malformed(reader, "it has an unexpected line");
  }
}

/* Rejects a line by its first bytes, because its end may never arrive. */
static int check_prefix(ivs_http1 *reader, const char *bytes, size_t length) {
  size_t at = reader->line.length;
  if (reader->state == IVS_HTTP1_STATUS_LINE)
    for (size_t i = 0; i < length && at < version_length; i++, at++)
      if (bytes[i] != version[at])
        return malformed(reader, "it does not begin with the status line of HTTP/1.0 or HTTP/1.1");
  if (at > 0) return IVS_OK;
  if (reader->state == IVS_HTTP1_CHUNK_SIZE && hexadecimal(bytes[0]) < 0)
    return truncated(reader, "a chunk's size is not a number");
  if (reader->state == IVS_HTTP1_CHUNK_END && bytes[0] != '\r' && bytes[0] != '\n')
    return truncated(reader, "a chunk does not have the length of its size line");
  return IVS_OK;
}

/* Checks the bytes of a line against the limits. */
static int count_line(ivs_http1 *reader, size_t length) {
  if (is_chunk_line(reader)) {
    if (reader->line.length + length > IVS_HTTP1_CHUNK_LINE_MAX)
      return truncated(reader, "a chunk's line is too long");
  } else {
    if (length > reader->head_left) return fail(reader, IVS_ETOOBIG, "its head is larger than 256 KiB");
    reader->head_left -= length;
  }
  return IVS_OK;
}

/* Reads a line if the bytes contain its end; else stores them. Returns the number of bytes used. */
static size_t take_line(ivs_http1 *reader, const char *bytes, size_t length) {
  const char *end = memchr(bytes, '\n', length);
  const size_t taken = end ? (size_t)(end - bytes) + 1 : length;
  ivs_slice line = {bytes, taken};
  if (check_prefix(reader, bytes, taken) || count_line(reader, taken)) return 0;
  if (!end || reader->line.length) {
    if (ivs_buffer_add(&reader->line, bytes, taken)) {
      fail(reader, reader->line.status, "out of memory");
      return 0;
    }
    if (!end) return taken;
    line = (ivs_slice){reader->line.data, reader->line.length};
  }
  line.length--; /* the line feed; below, an optional carriage return */
  if (line.length && line.data[line.length - 1] == '\r') line.length--;
  int status = read_line(reader, line);
  ivs_buffer_reset(&reader->line);
  return status ? 0 : taken;
}

int ivs_http1_feed(ivs_http1 *reader, const char *bytes, size_t length) {
  while (length && !reader->failed) {
    if (reader->state == IVS_HTTP1_DONE) {
      reader->keep_alive = false; /* bytes after the end of the message */
      break;
    }
    const bool in_body = reader->state == IVS_HTTP1_BODY || reader->state == IVS_HTTP1_BODY_TO_END;
    const size_t taken = in_body ? take_body(reader, bytes, length) : take_line(reader, bytes, length);
    bytes += taken;
    length -= taken;
  }
  return reader->failed;
}

int ivs_http1_end(ivs_http1 *reader) {
  if (reader->failed) return reader->failed;
  reader->keep_alive = false;
  if (reader->state == IVS_HTTP1_BODY_TO_END) reader->state = IVS_HTTP1_DONE;
  if (reader->state == IVS_HTTP1_DONE) return IVS_OK;
  if (reader->state == IVS_HTTP1_STATUS_LINE && !reader->line.length)
    return truncated(reader, "the connection was closed before a response was received");
  return truncated(reader, "the connection was closed in the middle of the response");
}
