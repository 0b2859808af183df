/* Formats and parses timestamps, independent of the C library's time zone and locale. */
#include "timestamp.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The days from 1970-01-01 to a proleptic Gregorian date (the era method: 400 years have 146,097 days). */
static int64_t days_from_date(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int *year, int *month, int *day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static void put_number(char *out, int width, int64_t number) {
  while (width--) {
    out[width] = (char)('0' + number % 10);
    number /= 10;
  }
}

void ivs_timestamp_amz_date(double seconds, char out[IVS_AMZ_DATE_SIZE]) {
  const double first = -62135596800.0, last = 253402300799.0;
  if (!(seconds > first)) seconds = first;
  if (seconds > last) seconds = last;
  int64_t whole = (int64_t)floor(seconds);
  int64_t days = whole >= 0 ? whole / 86400 : -((86399 - whole) / 86400);
  int64_t rest = whole - days * 86400;
  int year, month, day;
  date_from_days(days, &year, &month, &day);
  put_number(out, 4, year);
  put_number(out + 4, 2, month);
  put_number(out + 6, 2, day);
  out[8] = 'T';
  put_number(out + 9, 2, rest / 3600);
  put_number(out + 11, 2, rest / 60 % 60);
  put_number(out + 13, 2, rest % 60);
  out[15] = 'Z';
  out[16] = '\0';
}

/* Reads exactly `width` digits at *at. */
static bool take_number(ivs_slice text, size_t *at, size_t width, int *out) {
  uint64_t number;
  if (text.length - *at < width || !ivs_text_number((ivs_slice){text.data + *at, width}, &number))
    return false;
  *at += width;
  *out = (int)number;
  return true;
}

static bool take_byte(ivs_slice text, size_t *at, char byte) {
  if (*at >= text.length || text.data[*at] != byte) return false;
  (*at)++;
  return true;
}

typedef struct parts {
  int year, month, day, hour, minute, second;
} parts;

static bool take_clock(ivs_slice text, size_t *at, parts *out) {
  return take_number(text, at, 2, &out->hour) && take_byte(text, at, ':') &&
         take_number(text, at, 2, &out->minute) && take_byte(text, at, ':') &&
         take_number(text, at, 2, &out->second);
}

static int days_in_month(int year, int month) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return lengths[month - 1] + (month == 2 && is_leap);
}

static bool to_seconds(const parts *in, double *seconds) {
  if (in->month < 1 || in->month > 12 || in->day < 1 || in->day > days_in_month(in->year, in->month))
    return false;
  if (in->hour > 23 || in->minute > 59 || in->second > 60) return false;
  int64_t days = days_from_date(in->year, in->month, in->day);
  *seconds = (double)(days * 86400 + in->hour * INT64_C(3600) + in->minute * INT64_C(60) + in->second);
  return true;
}

bool ivs_timestamp_parse_http(ivs_slice text, double *seconds) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  parts in = {0};
  size_t at = 5; /* "Sun, ": the day of the week is redundant */
  text = ivs_text_trim(text);
  if (text.length < at || text.data[3] != ',' || text.data[4] != ' ') return false;
  if (!take_number(text, &at, 2, &in.day) || !take_byte(text, &at, ' ')) return false;
  if (text.length - at < 3) return false;
  for (size_t i = 0; i < 12; i++)
    if (memcmp(text.data + at, months + 3 * i, 3) == 0) in.month = (int)i + 1;
  at += 3;
  if (!take_byte(text, &at, ' ') || !take_number(text, &at, 4, &in.year) || !take_byte(text, &at, ' '))
    return false;
  if (!take_clock(text, &at, &in)) return false;
  if (!ivs_text_equal((ivs_slice){text.data + at, text.length - at}, " GMT")) return false;
  return to_seconds(&in, seconds);
}

static bool take_word(ivs_slice text, size_t *at, const char *word) {
  size_t length = strlen(word);
  if (text.length - *at < length || memcmp(text.data + *at, word, length) != 0) return false;
  *at += length;
  return true;
}

/* Z, UTC, GMT, +hh, +hh:mm, +hhmm (or with -) or nothing, up to the end of the text. A space may precede
 * it. */
static bool take_zone(ivs_slice text, size_t *at, double *offset) {
  *offset = 0;
  if (*at == text.length) return true;
  take_byte(text, at, ' ');
  if (take_byte(text, at, 'Z') || take_byte(text, at, 'z') || take_word(text, at, "UTC") ||
      take_word(text, at, "GMT"))
    return *at == text.length;
  bool is_west = take_byte(text, at, '-');
  if (!is_west && !take_byte(text, at, '+')) return false;
  int hours, minutes = 0;
  if (!take_number(text, at, 2, &hours) || hours > 23) return false;
  if (*at < text.length) {
    take_byte(text, at, ':');
    if (!take_number(text, at, 2, &minutes) || minutes > 59 || *at != text.length) return false;
  }
  *offset = (is_west ? -60.0 : 60.0) * (hours * 60 + minutes);
  return true;
}

/* YYYY-MM-DD or YYYYMMDD. */
static bool take_date(ivs_slice text, size_t *at, parts *out) {
  if (!take_number(text, at, 4, &out->year)) return false;
  bool has_hyphens = take_byte(text, at, '-');
  if (!take_number(text, at, 2, &out->month)) return false;
  if (has_hyphens && !take_byte(text, at, '-')) return false;
  return take_number(text, at, 2, &out->day);
}

/* hh:mm, hh:mm:ss, hhmm or hhmmss; a fraction may follow the seconds. */
static bool take_time(ivs_slice text, size_t *at, parts *out, double *fraction) {
  double scale = 0.1;
  *fraction = 0;
  if (!take_number(text, at, 2, &out->hour)) return false;
  bool has_colons = take_byte(text, at, ':');
  if (!take_number(text, at, 2, &out->minute)) return false;
  if (has_colons ? !take_byte(text, at, ':') : *at == text.length || !ivs_text_is_digit(text.data[*at]))
    return true; /* no seconds */
  if (!take_number(text, at, 2, &out->second)) return false;
  if (take_byte(text, at, '.') || take_byte(text, at, ','))
    while (*at < text.length && ivs_text_is_digit(text.data[*at])) {
      *fraction += scale * (text.data[(*at)++] - '0');
      scale /= 10;
    }
  return true;
}

bool ivs_timestamp_parse_iso8601(ivs_slice text, double *seconds) {
  parts in = {0};
  size_t at = 0;
  double fraction, offset;
  text = ivs_text_trim(text);
  if (!take_date(text, &at, &in)) return false;
  if (!take_byte(text, &at, 'T') && !take_byte(text, &at, 't') && !take_byte(text, &at, ' ')) return false;
  if (!take_time(text, &at, &in, &fraction)) return false;
  if (!take_zone(text, &at, &offset) || !to_seconds(&in, seconds)) return false;
  *seconds += fraction - offset;
  return true;
}
