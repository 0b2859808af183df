/* Sets and formats failures. */
#include "failure.h"
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char OUT_OF_MEMORY[] = "OutOfMemoryError";

enum { MESSAGE_CAP = IVS_FAILURE_MESSAGE_MAX + IVS_FAILURE_MESSAGE_MARGIN };

void ivs_failure_init(ivs_failure *failure) {
  memset(failure, 0, sizeof *failure);
  ivs_buffer_init(&failure->message, MESSAGE_CAP);
}

void ivs_failure_free(ivs_failure *failure) {
  ivs_buffer_free(&failure->message);
}

static bool is_internal(enum ivs_kind kind, const char *code) {
  return kind != IVS_KIND_SERVICE && (strcmp(code, OUT_OF_MEMORY) == 0 || strcmp(code, "CryptoError") == 0);
}

void ivs_failure_set(ivs_failure *failure, enum ivs_kind kind, ivs_slice code, ivs_slice message) {
  size_t length = ivs_text_truncated_length(code, IVS_CODE_MAX - 1);
  if (length) memmove(failure->code, code.data, length);
  failure->code[length] = '\0';
  failure->kind = is_internal(kind, failure->code) ? IVS_KIND_INTERNAL : kind;
  failure->retryable = failure->kind == IVS_KIND_INTERNAL && strcmp(failure->code, OUT_OF_MEMORY) == 0;
  ivs_buffer_set(&failure->message, message.data, ivs_text_truncated_length(message, MESSAGE_CAP));
}

void ivs_failure_truncate(ivs_failure *failure) {
  const ivs_slice message = {failure->message.data, failure->message.length};
  ivs_buffer_truncate(&failure->message, ivs_text_truncated_length(message, IVS_FAILURE_MESSAGE_MAX));
}

void ivs_failure_format(ivs_failure *failure, enum ivs_kind kind, const char *code, const char *format, ...) {
  char text[MESSAGE_CAP +
            2]; /* one byte more than the cap, so that a long message is truncated at a character boundary */
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length < 0) text[0] = '\0';
  ivs_failure_set(failure, kind, ivs_text_slice(code), ivs_text_slice(text));
}

void ivs_failure_from_status(ivs_failure *failure, int status, const char *doing) {
  if (status == IVS_ENOMEM)
    ivs_failure_format(failure, IVS_KIND_INTERNAL, OUT_OF_MEMORY, "out of memory while %s", doing);
  else if (status == IVS_ECRYPTO)
    ivs_failure_format(
        failure, IVS_KIND_INTERNAL, "CryptoError",
        "libcrypto failed while %s; check OpenSSL's configuration and providers (openssl list -providers)",
        doing);
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
