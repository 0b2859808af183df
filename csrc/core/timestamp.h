/*
 * Formats and parses timestamps as seconds since 1970 (UTC). Reads no clock.
 */
#ifndef IVS_CORE_TIMESTAMP_H
#define IVS_CORE_TIMESTAMP_H

#include "text.h"

#include <stdbool.h>

#define IVS_AMZ_DATE_SIZE 17 /* "20260102T030405Z" and the NUL */

/* Writes the ISO 8601 basic format of X-Amz-Date. Times outside the years 1–9999 are clamped. */
void ivs_timestamp_amz_date(double seconds, char out[IVS_AMZ_DATE_SIZE]);
/* Parses an HTTP date (RFC 9110, 5.6.7: IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT"). */
bool ivs_timestamp_parse_http(ivs_slice text, double *seconds);
/*
 * Parses ISO 8601 in the formats of AWS and of credential programs, all of which botocore's dateutil accepts:
 * the date as YYYY-MM-DD or YYYYMMDD; `T` or a space; the time as hh:mm, hh:mm:ss, hhmm or hhmmss, with an
 * optional fraction of a second; then Z, UTC, GMT, +hh, +hh:mm, +hhmm or nothing (UTC).
 */
bool ivs_timestamp_parse_iso8601(ivs_slice text, double *seconds);

#endif
