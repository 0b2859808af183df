/*
 * Small readings of ASCII and UTF-8 text, the same in every locale.
 */
#ifndef IVS_CORE_TEXT_H
#define IVS_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's bytes; not NUL-terminated. data is NULL where there is none. */
typedef struct ivs_slice {
  const char *data;
  size_t length;
} ivs_slice;

char ivs_text_lower(char c);
bool ivs_text_is_digit(char c);
bool ivs_text_is_alnum(char c);
/* Equal if the case of ASCII letters is ignored. */
bool ivs_text_equal_ignoring_case(ivs_slice a, const char *b);
/* Equal to the byte. */
bool ivs_text_equal(ivs_slice a, const char *b);
/* Without the spaces and tabs at both ends. */
ivs_slice ivs_text_trim(ivs_slice text);
ivs_slice ivs_text_slice(const char *text);
/* A byte below 0x20 or 0x7f: what no header, host or URL of ours may hold. */
bool ivs_text_has_control(ivs_slice text);
/* A decimal number without sign that fits; false for anything else, an empty text among it. */
bool ivs_text_number(ivs_slice text, uint64_t *out);
/* The next member of a comma-separated list (RFC 9110, 5.6.1), trimmed, empty members skipped; moves the list on. False at its end. */
bool ivs_text_next_member(ivs_slice *list, ivs_slice *member);
/* A host label as botocore's validate_region_name wants it: letters, digits, hyphens, at most 63, no hyphen
 * at either end, not all digits. */
bool ivs_text_is_host_label(ivs_slice text);

/* Decodes the code point at *at and moves on. Returns -1 for what is not UTF-8 (RFC 3629: no overlong forms,
 * no surrogates, nothing above U+10FFFF). */
int32_t ivs_text_next_codepoint(ivs_slice text, size_t *at);
bool ivs_text_is_utf8(ivs_slice text);
/* Overwrites with '?' what could break a line or a terminal: control characters (C0, DEL, C1), and bytes that are not UTF-8. */
void ivs_text_make_printable(char *text, size_t length);
/* The length of the longest beginning of at most `cap` bytes that does not end within a UTF-8 sequence. */
size_t ivs_text_fit(ivs_slice text, size_t cap);

#endif
