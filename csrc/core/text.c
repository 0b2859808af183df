/* Functions for ASCII and UTF-8 text. */
#include "text.h"

#include <string.h>

char ivs_text_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ivs_text_is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool ivs_text_is_alnum(char c) {
  char lower = ivs_text_lower(c);
  return ivs_text_is_digit(c) || (lower >= 'a' && lower <= 'z');
}

/* Both compare byte by byte: most texts differ early, so strlen(b) would be wasted. */
bool ivs_text_equal_ignoring_case(ivs_slice a, const char *b) {
  if (!a.data) return false;
  for (size_t i = 0; i < a.length; i++)
    if (!b[i] || ivs_text_lower(a.data[i]) != ivs_text_lower(b[i])) return false;
  return !b[a.length];
}

bool ivs_text_equal(ivs_slice a, const char *b) {
  if (!a.data) return false;
  for (size_t i = 0; i < a.length; i++)
    if (!b[i] || a.data[i] != b[i]) return false;
  return !b[a.length];
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

ivs_slice ivs_text_trim(ivs_slice text) {
  while (text.length && is_blank(text.data[0])) text.data++, text.length--;
  while (text.length && is_blank(text.data[text.length - 1])) text.length--;
  return text;
}

ivs_slice ivs_text_slice(const char *text) {
  return (ivs_slice){text, text ? strlen(text) : 0};
}

bool ivs_text_has_control(ivs_slice text) {
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 || c == 0x7f) return true;
  }
  return false;
}

bool ivs_text_number(ivs_slice text, uint64_t *out) {
  uint64_t number = 0;
  if (!text.length) return false;
  for (size_t i = 0; i < text.length; i++) {
    if (!ivs_text_is_digit(text.data[i])) return false;
    const uint64_t digit = (uint64_t)(text.data[i] - '0');
    if (number > (UINT64_MAX - digit) / 10) return false;
    number = number * 10 + digit;
  }
  *out = number;
  return true;
}

bool ivs_text_is_host_label(ivs_slice text) {
  if (!text.length || text.length > 63) return false;
  if (text.data[0] == '-' || text.data[text.length - 1] == '-') return false;
  bool all_digits = true;
  for (size_t i = 0; i < text.length; i++) {
    if (!ivs_text_is_alnum(text.data[i]) && text.data[i] != '-') return false;
    if (!ivs_text_is_digit(text.data[i])) all_digits = false;
  }
  return !all_digits;
}

int32_t ivs_text_next_codepoint(ivs_slice text, size_t *at) {
  static const int32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  unsigned char first = (unsigned char)text.data[(*at)++];
  if (first < 0x80) return first;
  int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4) return -1;
  int32_t point = first & (0x3f >> more);
  for (int i = 0; i < more; i++) {
    if (*at >= text.length) return -1;
    unsigned char next = (unsigned char)text.data[(*at)++];
    if ((next & 0xc0) != 0x80) return -1;
    point = (point << 6) | (next & 0x3f);
  }
  if (point < smallest[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return -1;
  return point;
}

/* Skips ASCII, eight bytes at a time. Most texts are ASCII. */
static size_t skip_ascii(ivs_slice text, size_t at) {
  uint64_t word;
  for (; text.length - at >= sizeof word; at += sizeof word) {
    memcpy(&word, text.data + at, sizeof word);
    if (word & 0x8080808080808080u) break;
  }
  return at;
}

bool ivs_text_is_utf8(ivs_slice text) {
  for (size_t at = skip_ascii(text, 0); at < text.length;)
    if (ivs_text_next_codepoint(text, &at) < 0) return false;
  return true;
}

bool ivs_text_next_member(ivs_slice *list, ivs_slice *member) {
  while (list->length) {
    const char *comma = memchr(list->data, ',', list->length);
    const size_t length = comma ? (size_t)(comma - list->data) : list->length;
    const size_t taken = comma ? length + 1 : length;
    *member = ivs_text_trim((ivs_slice){list->data, length});
    list->data += taken;
    list->length -= taken;
    if (member->length) return true;
  }
  return false;
}

void ivs_text_make_printable(char *text, size_t length) {
  const ivs_slice whole = {text, length};
  for (size_t at = 0; at < length;) {
    const size_t start = at;
    const int32_t point = ivs_text_next_codepoint(whole, &at);
    if (point >= 0x20 && (point < 0x7f || point > 0x9f)) continue;
    if (point < 0) at = start + 1;
    memset(text + start, '?', at - start);
  }
}

size_t ivs_text_truncated_length(ivs_slice text, size_t cap) {
  if (!text.data || text.length <= cap) return text.data ? text.length : 0;
  size_t end = cap;
  for (int i = 0; i < 3 && end && ((unsigned char)text.data[end] & 0xc0) == 0x80; i++) end--;
  return end;
}
