/* The failure object of the core. */
#include "failure.h"
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_CAP = 8 * 1024, FORMAT_CAP = 4 * 1024 };

void ivs_failure_init(ivs_failure *failure) {
  memset(failure, 0, sizeof *failure);
  ivs_buffer_init(&failure->message, MESSAGE_CAP);
}

void ivs_failure_free(ivs_failure *failure) {
  ivs_buffer_free(&failure->message);
}

/* The longest beginning of at most `cap` bytes that does not end within a UTF-8 sequence. */
static size_t whole_characters(ivs_slice text, size_t cap) {
  if (!text.data || text.length <= cap) return text.data ? text.length : 0;
  size_t end = cap;
  while (end && ((unsigned char)text.data[end] & 0xc0) == 0x80) end--;
  return end;
}

void ivs_failure_set(ivs_failure *failure, enum ivs_kind kind, ivs_slice code, ivs_slice message) {
  size_t length = whole_characters(code, IVS_CODE_MAX - 1);
  failure->kind = kind;
  failure->retryable = false;
  memmove(failure->code, code.data, length);
  failure->code[length] = '\0';
  ivs_buffer_set(&failure->message, message.data ? message.data : "", whole_characters(message, MESSAGE_CAP));
}

void ivs_failure_format(ivs_failure *failure, enum ivs_kind kind, const char *code, const char *format, ...) {
  char text[FORMAT_CAP];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length < 0) text[0] = '\0';
  ivs_failure_set(failure, kind, ivs_text_slice(code), ivs_text_slice(text));
}

void ivs_failure_from_status(ivs_failure *failure, int status, const char *doing) {
  if (status == IVS_ENOMEM)
    ivs_failure_format(failure, IVS_KIND_CANCELLED, "OutOfMemoryError", "out of memory while %s", doing);
  else
    ivs_failure_format(failure, IVS_KIND_CONFIG, "InvalidConfigError", "%s while %s", ivs_status_text(status),
                       doing);
}

const char *ivs_kind_name(enum ivs_kind kind) {
  static const char *const names[] = {
#define IVS_KIND_NAME(name, text) text,
      IVS_KINDS(IVS_KIND_NAME)
#undef IVS_KIND_NAME
  };
  return kind < IVS_KIND_COUNT ? names[kind] : "service";
}
