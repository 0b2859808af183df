/*
 * A byte buffer with a cap that is set when it is made.
 *
 * Invariants: length <= cap; data[length] is NUL whenever data is not NULL; whatever leaves the buffer (by
 * growth, reset or free) is wiped, because any buffer may have held a secret. The first failure sticks: every
 * later addition returns it too, so a caller may add many times and look once, at ivs_buffer_status.
 */
#ifndef IVS_CORE_BUFFER_H
#define IVS_CORE_BUFFER_H

#include <stddef.h>

typedef struct ivs_buffer {
  char *data;      /* owned; NULL until the first byte */
  size_t length;   /* bytes in use, without the closing NUL */
  size_t capacity; /* bytes allocated */
  size_t cap;      /* largest length allowed */
  int status;      /* IVS_OK, IVS_ENOMEM or IVS_ETOOBIG */
} ivs_buffer;

/* Prepares an empty buffer; allocates nothing. */
void ivs_buffer_init(ivs_buffer *buffer, size_t cap);
/* Wipes the content, keeps the memory up to 64 KiB, forgets the failure. */
void ivs_buffer_reset(ivs_buffer *buffer);
/* Wipes and frees; the buffer may be used again with the same cap. */
void ivs_buffer_free(ivs_buffer *buffer);

/* Each appends and returns the buffer's status: IVS_OK, IVS_ENOMEM, IVS_ETOOBIG. */
int ivs_buffer_add(ivs_buffer *buffer, const void *bytes, size_t length);
int ivs_buffer_add_text(ivs_buffer *buffer, const char *text);
int ivs_buffer_add_byte(ivs_buffer *buffer, char byte);
int ivs_buffer_add_format(ivs_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Decimal. */
int ivs_buffer_add_number(ivs_buffer *buffer, size_t number);
/* Lower-case hexadecimal of the bytes. */
int ivs_buffer_add_hex(ivs_buffer *buffer, const unsigned char *bytes, size_t length);
/* Drops and wipes what is behind the first `length` bytes; nothing where it is no longer than that. */
void ivs_buffer_truncate(ivs_buffer *buffer, size_t length);
/* Replaces the content; the bytes may lie within it. */
int ivs_buffer_set(ivs_buffer *buffer, const char *bytes, size_t length);

int ivs_buffer_status(const ivs_buffer *buffer);
/* The content as a C string: "" while nothing has been added. */
const char *ivs_buffer_text(const ivs_buffer *buffer);

#endif
