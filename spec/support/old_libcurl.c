/* LD_PRELOADed, for libcurl_spec: libcurl reports version 7.67.0. */
#include <curl/curl.h>

curl_version_info_data *curl_version_info(CURLversion age) {
  static curl_version_info_data data = {.version = "7.67.0", .version_num = 0x074300};
  (void)age;
  return &data;
}
