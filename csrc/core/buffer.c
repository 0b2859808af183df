/* The capped buffer. Memory that it gives up is wiped. */
#include "buffer.h"
#include "status.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64, KEPT_MAX = 64 * 1024 };

void ivs_buffer_init(ivs_buffer *buffer, size_t cap) {
  memset(buffer, 0, sizeof *buffer);
  buffer->cap = cap < SIZE_MAX / 2 ? cap : SIZE_MAX / 2;
}

void ivs_buffer_reset(ivs_buffer *buffer) {
  if (buffer->length) OPENSSL_cleanse(buffer->data, buffer->length);
  buffer->length = 0;
  buffer->status = IVS_OK;
  if (buffer->capacity > KEPT_MAX) ivs_buffer_free(buffer);
}

void ivs_buffer_free(ivs_buffer *buffer) {
  if (buffer->length) OPENSSL_cleanse(buffer->data, buffer->length);
  free(buffer->data);
  buffer->data = NULL;
  buffer->capacity = buffer->length = 0;
  buffer->status = IVS_OK;
}

/* Does not use realloc, which could free the old block without wiping it. */
static int grow(ivs_buffer *buffer, size_t more) {
  if (buffer->status) return buffer->status;
  if (more > buffer->cap - buffer->length) return buffer->status = IVS_ETOOBIG;
  size_t needed = buffer->length + more + 1;
  size_t capacity = buffer->capacity ? buffer->capacity : SMALLEST;
  while (capacity < needed) capacity *= 2;
  if (capacity > buffer->cap + 1) capacity = buffer->cap + 1;
  char *data = malloc(capacity);
  if (!data) return buffer->status = IVS_ENOMEM;
  if (buffer->length) {
    memcpy(data, buffer->data, buffer->length);
    OPENSSL_cleanse(buffer->data, buffer->length);
  }
  free(buffer->data);
  buffer->data = data;
  buffer->capacity = capacity;
  return IVS_OK;
}

/* Makes room for `more` bytes and the NUL. The capacity is never larger than cap + 1, so bytes that fit are
 * allowed. */
static inline int reserve(ivs_buffer *buffer, size_t more) {
  if (!buffer->status && more < buffer->capacity - buffer->length) return IVS_OK;
  return grow(buffer, more);
}

char *ivs_buffer_extend(ivs_buffer *buffer, size_t length) {
  if (reserve(buffer, length)) return NULL;
  char *added = buffer->data + buffer->length;
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
  return added;
}

int ivs_buffer_add(ivs_buffer *buffer, const void *bytes, size_t length) {
  if (reserve(buffer, length)) return buffer->status;
  if (length) memcpy(buffer->data + buffer->length, bytes, length);
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
  return IVS_OK;
}

int ivs_buffer_add_text(ivs_buffer *buffer, const char *text) {
  return ivs_buffer_add(buffer, text, strlen(text));
}

int ivs_buffer_add_byte(ivs_buffer *buffer, char byte) {
  if (reserve(buffer, 1)) return buffer->status;
  buffer->data[buffer->length++] = byte;
  buffer->data[buffer->length] = '\0';
  return IVS_OK;
}

int ivs_buffer_add_number(ivs_buffer *buffer, size_t number) {
  char digits[24];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  return ivs_buffer_add(buffer, digits + at, sizeof digits - at);
}

int ivs_buffer_add_format(ivs_buffer *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) return buffer->status = IVS_EINVAL;
  if (reserve(buffer, (size_t)length)) return buffer->status;
  va_start(arguments, format);
  vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
  va_end(arguments);
  buffer->length += (size_t)length;
  return IVS_OK;
}

int ivs_buffer_add_hex(ivs_buffer *buffer, const unsigned char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  if (reserve(buffer, length * 2)) return buffer->status;
  char *out = buffer->data + buffer->length;
  for (size_t i = 0; i < length; i++) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  *out = '\0';
  buffer->length += length * 2;
  return IVS_OK;
}

void ivs_buffer_truncate(ivs_buffer *buffer, size_t length) {
  if (length >= buffer->length) return;
  OPENSSL_cleanse(buffer->data + length, buffer->length - length);
  buffer->length = length;
}

int ivs_buffer_set(ivs_buffer *buffer, const char *bytes, size_t length) {
  const uintptr_t start = (uintptr_t)buffer->data, at = (uintptr_t)bytes;
  if (length && at >= start && at - start < buffer->length) {
    memmove(buffer->data, bytes, length);
    ivs_buffer_truncate(buffer, length);
    return buffer->status = IVS_OK;
  }
  ivs_buffer_reset(buffer);
  return ivs_buffer_add(buffer, bytes, length);
}

int ivs_buffer_status(const ivs_buffer *buffer) {
  return buffer->status;
}

const char *ivs_buffer_text(const ivs_buffer *buffer) {
  return buffer->data ? buffer->data : "";
}
