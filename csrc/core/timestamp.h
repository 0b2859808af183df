/*
 * Times: seconds since 1970 (UTC) to text and back. Nothing here reads a clock.
 */
#ifndef IVS_CORE_TIMESTAMP_H
#define IVS_CORE_TIMESTAMP_H

#include "text.h"

#include <stdbool.h>

#define IVS_AMZ_DATE_SIZE 17 /* "20260102T030405Z" and the NUL */

/* Writes the ISO 8601 basic form that X-Amz-Date wants. Times outside the years 1–9999 are held at the
 * nearest. */
void ivs_timestamp_amz_date(double seconds, char out[IVS_AMZ_DATE_SIZE]);
/* An HTTP date (RFC 9110, 5.6.7: IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT"). */
bool ivs_timestamp_parse_http(ivs_slice text, double *seconds);
/*
 * ISO 8601 in the forms that AWS and credential programs write, all of which botocore's dateutil takes: the
 * date as YYYY-MM-DD or YYYYMMDD; `T` or a space; the time as hh:mm, hh:mm:ss, hhmm or hhmmss, the seconds with
 * an optional fraction; then Z, UTC, GMT, +hh, +hh:mm, +hhmm or nothing (which means UTC).
 */
bool ivs_timestamp_parse_iso8601(ivs_slice text, double *seconds);

#endif
