/*
 * A byte buffer with a cap that is set at initialization.
 *
 * Invariants: length <= cap; data[length] is NUL if data is not NULL; memory that the buffer gives up (on
 * growth, reset or free) is wiped, because any buffer may hold a secret. The first failure is sticky: every
 * later addition returns it too, so a caller may append many times and check ivs_buffer_status once.
 */
#ifndef IVS_CORE_BUFFER_H
#define IVS_CORE_BUFFER_H

#include <stddef.h>

typedef struct ivs_buffer {
  char *data;      /* owned; NULL until the first byte */
  size_t length;   /* bytes in use, without the terminating NUL */
  size_t capacity; /* bytes allocated */
  size_t cap;      /* maximum length */
  int status;      /* IVS_OK, IVS_ENOMEM or IVS_ETOOBIG */
} ivs_buffer;

/* Initializes an empty buffer; allocates nothing. */
void ivs_buffer_init(ivs_buffer *buffer, size_t cap);
/* Wipes the content, keeps up to 64 KiB of memory, clears the failure. */
void ivs_buffer_reset(ivs_buffer *buffer);
/* Wipes and frees the memory; the buffer may be used again with the same cap. */
void ivs_buffer_free(ivs_buffer *buffer);

/* Each appends and returns the buffer's status: IVS_OK, IVS_ENOMEM, IVS_ETOOBIG. */
/* Adds bytes that the caller writes next, at the returned address. NULL: they do not fit. */
char *ivs_buffer_extend(ivs_buffer *buffer, size_t length);
int ivs_buffer_add(ivs_buffer *buffer, const void *bytes, size_t length);
int ivs_buffer_add_text(ivs_buffer *buffer, const char *text);
int ivs_buffer_add_byte(ivs_buffer *buffer, char byte);
int ivs_buffer_add_format(ivs_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Decimal. */
int ivs_buffer_add_number(ivs_buffer *buffer, size_t number);
/* Lower-case hexadecimal of the bytes. */
int ivs_buffer_add_hex(ivs_buffer *buffer, const unsigned char *bytes, size_t length);
/* Shortens the content to `length` bytes and wipes the rest; does nothing if the content is not longer. */
void ivs_buffer_truncate(ivs_buffer *buffer, size_t length);
/* Replaces the content; the bytes may be part of the old content. */
int ivs_buffer_set(ivs_buffer *buffer, const char *bytes, size_t length);

int ivs_buffer_status(const ivs_buffer *buffer);
/* The content as a C string; "" if the buffer is empty. */
const char *ivs_buffer_text(const ivs_buffer *buffer);

#endif
