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
  reader->cut_off = false;
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

/* The body's end can't be found any more. */
static int cut_off(ivs_http1 *reader, const char *problem) {
  reader->cut_off = true;
  return malformed(reader, problem);
}

static void finish(ivs_http1 *reader) {
  reader->state = IVS_HTTP1_DONE;
  reader->keep_alive = reader->may_keep_alive;
}

/* ---- the head ---- */

static const char version[] = "HTTP/1.";
static const size_t version_length = sizeof version - 1;

/* "HTTP/1.1 200 OK"; the phrase may be missing, and its blank too (RFC 9112, 4). */
static int read_status_line(ivs_http1 *reader, ivs_slice line) {
  const size_t digits_at = version_length + 2; /* behind the minor version and a blank */
  int status = 0;
  if (line.length < digits_at + 3 || memcmp(line.data, version, version_length) != 0 ||
      (line.data[version_length] != '0' && line.data[version_length] != '1') ||
      line.data[version_length + 1] != ' ')
    return malformed(reader, "it does not begin with the status line of HTTP/1.0 or HTTP/1.1");
  for (size_t i = digits_at; i < digits_at + 3; i++) {
    if (!ivs_text_is_digit(line.data[i])) return malformed(reader, "its status is no number");
    status = status * 10 + (line.data[i] - '0');
  }
  if (status < 100 || (line.length > digits_at + 3 && line.data[digits_at + 3] != ' '))
    return malformed(reader, "its status is no number of three digits");
  ivs_response_reset(&reader->response); /* what came before was an interim response */
  reader->response.status = status;
  reader->may_keep_alive =
      line.data[version_length] != '0'; /* 1.0 would have to say so, and need not be kept */
  reader->has_length = reader->has_chunks = false;
  reader->last = IVS_HTTP1_NOTHING;
  reader->state = IVS_HTTP1_HEADERS;
  return IVS_OK;
}

/* One number; it may be told again in the same words (RFC 9110, 8.6). */
static int read_length(ivs_http1 *reader, ivs_slice value) {
  const ivs_slice earlier = ivs_response_header(&reader->response, "content-length");
  if (reader->has_length && !(earlier.data && ivs_text_equal(value, earlier.data)))
    return malformed(reader, "it has two Content-Lengths that differ");
  if (!ivs_message_read_length(value, &reader->body_left))
    return malformed(reader, "its Content-Length is not a number");
  reader->has_length = true;
  return IVS_OK;
}

/* Chunks, however often they are told: nobody sends chunks within chunks (RFC 9112, 6.1). */
static int read_coding(ivs_http1 *reader, ivs_slice list) {
  for (ivs_slice coding; ivs_text_next_member(&list, &coding);) {
    if (ivs_text_equal_ignoring_case(coding, "chunked"))
      reader->has_chunks = true;
    else if (!ivs_text_equal_ignoring_case(coding, "identity"))
      return malformed(reader, "its Transfer-Encoding is one that was not asked for");
  }
  return IVS_OK;
}

static void read_connection(ivs_http1 *reader, ivs_slice list) {
  for (ivs_slice option; ivs_text_next_member(&list, &option);)
    if (ivs_text_equal_ignoring_case(option, "close")) reader->may_keep_alive = false;
}

/*
 * The rest of a folded header (RFC 9112, 5.2), which is dropped. Not where it may tell the length: some join it,
 * some drop it.
 */
static int skip_fold(ivs_http1 *reader) {
  if (reader->last == IVS_HTTP1_OTHER) return IVS_OK;
  return malformed(reader, "a line that is folded belongs to no header, or to one that tells the length");
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
    reader->may_keep_alive = false; /* RFC 9112, 6.3: the chunks count */
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

/* "1a" or "1a;name=value" (RFC 9112, 7.1); what stands behind the number is passed over, whatever it is. */
static int read_chunk_size(ivs_http1 *reader, ivs_slice line) {
  enum { DIGITS_MAX = 16 };
  uint64_t size = 0;
  size_t at = 0;
  for (int digit; at < line.length && (digit = hexadecimal(line.data[at])) >= 0; at++) {
    if (at == DIGITS_MAX) return cut_off(reader, "a chunk's size is out of all bounds");
    size = size * 16 + (uint64_t)digit;
  }
  if (at == 0) return cut_off(reader, "a chunk's size is no number");
  if (size > INT64_MAX) return cut_off(reader, "a chunk's size is out of all bounds");
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

/* Trailers are dropped: nothing that we use may stand there. */
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
    if (line.length) return cut_off(reader, "a chunk does not end where its size says");
    reader->state = IVS_HTTP1_CHUNK_SIZE;
    return IVS_OK;
  case IVS_HTTP1_TRAILERS:
    return read_trailer(reader, line);
  default:
    return malformed(reader, "a line where none belongs");
  }
}

/* Whether bytes can't belong to the line that is due: its end, which may never come, need not be waited for. */
static int check_beginning(ivs_http1 *reader, const char *bytes, size_t length) {
  size_t at = reader->line.length;
  if (reader->state == IVS_HTTP1_STATUS_LINE)
    for (size_t i = 0; i < length && at < version_length; i++, at++)
      if (bytes[i] != version[at])
        return malformed(reader, "it does not begin with the status line of HTTP/1.0 or HTTP/1.1");
  if (at > 0) return IVS_OK;
  if (reader->state == IVS_HTTP1_CHUNK_SIZE && hexadecimal(bytes[0]) < 0)
    return cut_off(reader, "a chunk's size is no number");
  if (reader->state == IVS_HTTP1_CHUNK_END && bytes[0] != '\r' && bytes[0] != '\n')
    return cut_off(reader, "a chunk does not end where its size says");
  return IVS_OK;
}

/* Counts bytes of a line against what lines may have. */
static int count_line(ivs_http1 *reader, size_t length) {
  if (is_chunk_line(reader)) {
    if (reader->line.length + length > IVS_HTTP1_CHUNK_LINE_MAX)
      return cut_off(reader, "a chunk's line is too long");
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
  if (check_beginning(reader, bytes, taken) || count_line(reader, taken)) return 0;
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
    return cut_off(reader, "the connection was closed before a response came");
  return cut_off(reader, "the connection was closed in the middle of the response");
}
