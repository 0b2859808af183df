/*
 * Which libcurl this is built with, and how its options are set.
 *
 * Every result is checked: an exchange without an option that could not be set would be another one than was
 * asked for (around the proxy, with a certificate that is not verified).
 */
#ifndef IVS_CURL_LIBCURL_H
#define IVS_CURL_LIBCURL_H

#include <curl/curl.h>

/* The oldest libcurl that the specs pass on. */
#define IVS_LIBCURL_MIN 0x074400
#define IVS_LIBCURL_MIN_TEXT "7.68.0"
#if LIBCURL_VERSION_NUM < IVS_LIBCURL_MIN
#error "ivs needs libcurl 7.68.0 or later"
#endif

/* The library may be newer than its header: what it may know is named by number, and tried. */
#if LIBCURL_VERSION_NUM < 0x075000
#define CURLOPT_PREREQFUNCTION ((CURLoption)20312)
#define CURLOPT_PREREQDATA ((CURLoption)10313)
#define CURL_PREREQFUNC_OK 0
#endif

/* Sets an option unless an earlier one failed; `result` keeps the first failure. */
#define IVS_OPTION(result, handle, option, value)                                                            \
  ((result) = (result) ? (result) : curl_easy_setopt((handle), (option), (value)))

#endif
