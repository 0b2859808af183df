/*
 * Functions for ASCII and UTF-8 text, independent of the locale.
 */
#ifndef IVS_CORE_TEXT_H
#define IVS_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A reference to bytes that it does not own; not NUL-terminated. data is NULL if there is no value. */
typedef struct ivs_slice {
  const char *data;
  size_t length;
} ivs_slice;

char ivs_text_lower(char c);
bool ivs_text_is_digit(char c);
bool ivs_text_is_alnum(char c);
/* Compares without regard to the case of ASCII letters. */
bool ivs_text_equal_ignoring_case(ivs_slice a, const char *b);
/* Compares byte by byte. */
bool ivs_text_equal(ivs_slice a, const char *b);
/* Removes spaces and tabs at both ends. */
ivs_slice ivs_text_trim(ivs_slice text);
ivs_slice ivs_text_slice(const char *text);
/* Whether the text contains a byte below 0x20 or 0x7f, which headers, hosts and URLs must not contain. */
bool ivs_text_has_control(ivs_slice text);
/* Parses an unsigned decimal number. False if the text is anything else (also if it is empty) or is out of
 * range. */
bool ivs_text_number(ivs_slice text, uint64_t *out);
/* Takes the next member from a comma-separated list (RFC 9110, 5.6.1). Trims it and skips empty members.
 * False at the end. */
bool ivs_text_next_member(ivs_slice *list, ivs_slice *member);
/* A host label as in botocore's validate_region_name: at most 63 letters, digits and hyphens, no hyphen at
 * either end, not only digits. */
bool ivs_text_is_host_label(ivs_slice text);

/* Decodes the code point at *at and advances *at. Returns -1 if it is not valid UTF-8 (RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF). */
int32_t ivs_text_next_codepoint(ivs_slice text, size_t *at);
bool ivs_text_is_utf8(ivs_slice text);
/* Overwrites with '?' control characters (C0, DEL, C1), which could break a line or control a terminal, and
 * invalid UTF-8. */
void ivs_text_make_printable(char *text, size_t length);
/* The length of the longest prefix of at most `cap` bytes that does not end within a UTF-8 sequence. */
size_t ivs_text_truncated_length(ivs_slice text, size_t cap);

#endif
