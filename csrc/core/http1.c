/* The reader of http1.h: lines are read by the one function for their state, bodies are copied. */
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
  reader->state = IVS_HTTP1_STATUS_LINE;
  reader->failed = IVS_OK;
  reader->head_left = IVS_RESPONSE_HEAD_MAX;
  reader->body_left = 0;
  reader->has_length = reader->has_chunks = reader->may_keep_alive = false;
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

static void finish(ivs_http1 *reader) {
  reader->state = IVS_HTTP1_DONE;
  reader->keep_alive = reader->may_keep_alive;
}

/* ---- the head ---- */

/* "HTTP/1.1 200 OK"; the phrase may be missing, and its blank too (RFC 9112, 4). */
static int read_status_line(ivs_http1 *reader, ivs_slice line) {
  static const char version[] = "HTTP/1.";
  const size_t digits_at = sizeof version + 1; /* behind the minor version and a blank */
  int status = 0;
  if (line.length < digits_at + 3 || memcmp(line.data, version, sizeof version - 1) != 0 ||
      !ivs_text_is_digit(line.data[sizeof version - 1]) || line.data[sizeof version] != ' ')
    return malformed(reader, "it does not begin with the status line of HTTP/1.1");
  for (size_t i = digits_at; i < digits_at + 3; i++) {
    if (!ivs_text_is_digit(line.data[i])) return malformed(reader, "its status is no number");
    status = status * 10 + (line.data[i] - '0');
  }
  if (status < 100 || (line.length > digits_at + 3 && line.data[digits_at + 3] != ' '))
    return malformed(reader, "its status is no number of three digits");
  ivs_response_reset(&reader->response); /* what came before was an interim response */
  reader->response.status = status;
  reader->may_keep_alive =
      line.data[sizeof version - 1] != '0'; /* 1.0 would have to say so, and need not be kept */
  reader->has_length = reader->has_chunks = false;
  reader->state = IVS_HTTP1_HEADERS;
  return IVS_OK;
}

/* One number, in one header: a second one, or a list, is what smuggling is made of (RFC 9112, 6.3). */
static int read_length(ivs_http1 *reader, ivs_slice value) {
  if (reader->has_length) return malformed(reader, "it has more than one Content-Length");
  if (!ivs_text_number(value, &reader->body_left))
    return malformed(reader, "its Content-Length is not a number");
  reader->has_length = true;
  return IVS_OK;
}

static int read_coding(ivs_http1 *reader, ivs_slice value) {
  if (reader->has_chunks || !ivs_text_same(value, "chunked"))
    return malformed(reader, "its Transfer-Encoding is not just `chunked`");
  reader->has_chunks = true;
  return IVS_OK;
}

/* A list of options (RFC 9110, 7.6.1). */
static void read_connection(ivs_http1 *reader, ivs_slice value) {
  for (size_t start = 0; start < value.length;) {
    const char *comma = memchr(value.data + start, ',', value.length - start);
    size_t length = comma ? (size_t)(comma - value.data) - start : value.length - start;
    if (ivs_text_same(ivs_text_trim((ivs_slice){value.data + start, length}), "close"))
      reader->may_keep_alive = false;
    start += length + 1;
  }
}

static int read_header(ivs_http1 *reader, ivs_slice line) {
  if (line.data[0] == ' ' || line.data[0] == '\t')
    return malformed(reader, "a header is folded over two lines");
  const char *colon = memchr(line.data, ':', line.length);
  if (!colon) return malformed(reader, "a header has no colon");
  const ivs_slice name = {line.data, (size_t)(colon - line.data)};
  const ivs_slice value = ivs_text_trim((ivs_slice){colon + 1, line.length - name.length - 1});
  const ivs_slice bare = ivs_text_trim(name);
  int status = IVS_OK;
  const bool is_length = ivs_text_same(bare, "content-length");
  const bool is_coding = ivs_text_same(bare, "transfer-encoding");
  if ((is_length || is_coding) && bare.length != name.length)
    return malformed(reader, "blanks surround the name of a header that tells its length");
  if (is_length) status = read_length(reader, value);
  if (is_coding) status = read_coding(reader, value);
  if (status) return status;
  if (ivs_text_same(bare, "connection")) read_connection(reader, value);
  status = ivs_response_add_header(&reader->response, name, value);
  if (status == IVS_ETOOBIG) return fail(reader, status, "its headers are larger than 64 KiB");
  if (status == IVS_ENOMEM) return fail(reader, status, "out of memory");
  return IVS_OK; /* any other header that is malformed is passed over, as HTTP clients do */
}

/* Behind the head: how the body ends (RFC 9112, 6.3). */
static int begin_body(ivs_http1 *reader) {
  const int status = reader->response.status;
  if (status == 101) return malformed(reader, "it switches to another protocol");
  if (status < 200) { /* interim: the response is still to come */
    reader->state = IVS_HTTP1_STATUS_LINE;
    return IVS_OK;
  }
  if (reader->has_length && reader->has_chunks)
    return malformed(reader, "it has both Content-Length and Transfer-Encoding");
  const bool is_empty = !reader->has_chunks && reader->has_length && reader->body_left == 0;
  if (is_empty || reader->bodiless || status == 204 || status == 304) {
    finish(reader);
  } else if (reader->has_chunks) {
    reader->state = IVS_HTTP1_CHUNK_SIZE;
  } else if (!reader->has_length) {
    reader->may_keep_alive = false;
    reader->state = IVS_HTTP1_BODY_TO_END;
  } else if (reader->body_left > reader->response.body.cap) {
    return fail(reader, IVS_ETOOBIG, "its body is larger than allowed");
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

/* "1a" or "1a;name=value" (RFC 9112, 7.1). */
static int read_chunk_size(ivs_http1 *reader, ivs_slice line) {
  enum { DIGITS_MAX = 15 };
  uint64_t size = 0;
  size_t at = 0;
  for (int digit; at < line.length && (digit = hexadecimal(line.data[at])) >= 0; at++) {
    if (at == DIGITS_MAX) return malformed(reader, "a chunk's size is out of all bounds");
    size = size * 16 + (uint64_t)digit;
  }
  const ivs_slice rest = ivs_text_trim((ivs_slice){line.data + at, line.length - at});
  if (at == 0 || (rest.length && rest.data[0] != ';'))
    return malformed(reader, "a chunk's size is no number");
  if (size > reader->response.body.cap - reader->response.body.length)
    return fail(reader, IVS_ETOOBIG, "its body is larger than allowed");
  reader->body_left = size;
  reader->state = size ? IVS_HTTP1_BODY : IVS_HTTP1_TRAILERS;
  return IVS_OK;
}

/* Copies what the body takes of the bytes; returns how many those were. */
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

static int read_line(ivs_http1 *reader, ivs_slice line) {
  switch (reader->state) {
  case IVS_HTTP1_STATUS_LINE:
    return read_status_line(reader, line);
  case IVS_HTTP1_HEADERS:
    return line.length ? read_header(reader, line) : begin_body(reader);
  case IVS_HTTP1_CHUNK_SIZE:
    return read_chunk_size(reader, line);
  case IVS_HTTP1_CHUNK_END:
    if (line.length) return malformed(reader, "a chunk does not end where its size says");
    reader->state = IVS_HTTP1_CHUNK_SIZE;
    return IVS_OK;
  case IVS_HTTP1_TRAILERS: /* dropped: nothing that we use may stand there */
    if (!line.length) finish(reader);
    return IVS_OK;
  default:
    return malformed(reader, "a line where none belongs");
  }
}

static bool is_chunk_line(const ivs_http1 *reader) {
  return reader->state == IVS_HTTP1_CHUNK_SIZE || reader->state == IVS_HTTP1_CHUNK_END;
}

/* Counts bytes of a line against what lines may have. */
static int count_line(ivs_http1 *reader, size_t length) {
  if (is_chunk_line(reader)) {
    if (reader->line.length + length > IVS_HTTP1_CHUNK_LINE_MAX)
      return malformed(reader, "a chunk's line is too long");
  } else {
    if (length > reader->head_left) return fail(reader, IVS_ETOOBIG, "its head is larger than 256 KiB");
    reader->head_left -= length;
  }
  return IVS_OK;
}

/* Reads a line, if its end is among the bytes, or keeps its beginning; returns how many bytes that took. */
static size_t take_line(ivs_http1 *reader, const char *bytes, size_t length) {
  const char *end = memchr(bytes, '\n', length);
  const size_t taken = end ? (size_t)(end - bytes) + 1 : length;
  ivs_slice line = {bytes, taken};
  if (count_line(reader, taken)) return 0;
  if (!end || reader->line.length) {
    if (ivs_buffer_add(&reader->line, bytes, taken)) {
      fail(reader, reader->line.status, "out of memory");
      return 0;
    }
    if (!end) return taken;
    line = (ivs_slice){reader->line.data, reader->line.length};
  }
  line.length--; /* the line feed, and the carriage return before it, if there is one */
  if (line.length && line.data[line.length - 1] == '\r') line.length--;
  int status = read_line(reader, line);
  ivs_buffer_reset(&reader->line);
  return status ? 0 : taken;
}

int ivs_http1_feed(ivs_http1 *reader, const char *bytes, size_t length) {
  while (length && !reader->failed) {
    if (reader->state == IVS_HTTP1_DONE) {
      reader->keep_alive = false; /* bytes that nobody asked for */
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
    return malformed(reader, "the connection was closed before a response came");
  return malformed(reader, "the connection was closed in the middle of the response");
}
