/*
 * The required libcurl version, and a macro to set options.
 *
 * Every result is checked: with a missing option an exchange could bypass the proxy or skip the verification
 * of the certificate.
 */
#ifndef IVS_CURL_LIBCURL_H
#define IVS_CURL_LIBCURL_H

#include <curl/curl.h>

/* The oldest supported libcurl: the specs pass with it. */
#define IVS_LIBCURL_MIN 0x074400
#define IVS_LIBCURL_MIN_TEXT "7.68.0"
#if LIBCURL_VERSION_NUM < IVS_LIBCURL_MIN
#error "ivs needs libcurl 7.68.0 or later"
#endif

/* Defined by number, and tried at run time: the library may be newer than its header. */
#if LIBCURL_VERSION_NUM < 0x075000
#define CURLOPT_PREREQFUNCTION ((CURLoption)20312)
#define CURLOPT_PREREQDATA ((CURLoption)10313)
#define CURL_PREREQFUNC_OK 0
#endif

/* Sets an option unless an earlier one failed; `result` keeps the first failure. */
#define IVS_OPTION(result, handle, option, value)                                                            \
  ((result) = (result) ? (result) : curl_easy_setopt((handle), (option), (value)))

#endif
