/* Chooses between directory, shared store and libcurl's own reading of a bundle. */
#include "trust.h"
#include "core/clock.h"
#include "libcurl.h"
#include "store.h"

#include <dirent.h>
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define CHECK_SECONDS 60

/* ---- libcurl's libssl ---- */

typedef long control_context(SSL_CTX *, int, long, void *);
static control_context *control; /* NULL: a store cannot be shared with libcurl */

/* Takes SSL_CTX_ctrl from the libraries that libcurl was linked with: a process may contain several. */
static void find_control(void) {
  Dl_info libcurl;
  const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
  if (!tls || strncmp(tls, "OpenSSL/", 8) != 0) return;
  if (!dladdr((void *)(uintptr_t)curl_easy_init, &libcurl)) return;
  void *library = dlopen(libcurl.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (!library) return;
  if (dlsym(library, "X509_STORE_new") == (void *)(uintptr_t)X509_STORE_new)
    control = (control_context *)(uintptr_t)dlsym(library, "SSL_CTX_ctrl");
  dlclose(library);
}

/* Called for the connection to the endpoint and for the one to an https proxy. The verification store takes
 * precedence over the certificate store, which some versions of libcurl fill after this call. */
static CURLcode on_context(CURL *handle, void *context, void *user) {
  ivs_trust *trust = user;
  const double now = ivs_clock_monotonic();
  const bool must_check = now >= trust->next_check;
  (void)handle;
  X509_STORE *store = ivs_store_get(trust->file, trust->directory, must_check);
  if (!store) return CURLE_SSL_CACERT_BADFILE;
  if (must_check) trust->next_check = now + CHECK_SECONDS;
  const bool is_set = control(context, SSL_CTRL_SET_VERIFY_CERT_STORE, 1, store) == 1;
  X509_STORE_free(store);
  return is_set ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* ---- where the authorities are ---- */

static bool is_directory(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Whether `openssl rehash` has made names in the directory: 8 hexadecimal digits and ".0". */
static bool is_hashed(const char *path) {
  enum { DIGITS = 8 };
  DIR *directory = opendir(path);
  const struct dirent *each;
  bool found = false;
  if (!directory) return false;
  while (!found && (each = readdir(directory)))
    found = strspn(each->d_name, "0123456789abcdef") == DIGITS && strcmp(each->d_name + DIGITS, ".0") == 0;
  closedir(directory);
  return found;
}

/* Those that this libcurl was built with; it tells since 7.70. */
static void take_defaults(ivs_trust *trust) {
#if LIBCURL_VERSION_NUM >= 0x074600
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  if (info->age < CURLVERSION_SEVENTH || !info->cainfo) return;
  trust->file = info->cainfo;
  trust->directory = info->capath;
  trust->is_directory_enough = info->capath && is_hashed(info->capath);
#else
  (void)trust;
#endif
}

ivs_trust ivs_trust_of(const ivs_settings *settings) {
  ivs_trust trust = {.verify = settings->verify};
  if (!settings->ca_bundle)
    take_defaults(&trust);
  else if (is_directory(settings->ca_bundle))
    trust.directory = settings->ca_bundle;
  else
    trust.file = settings->ca_bundle;
  return trust;
}

static CURLcode set_paths(CURL *handle, const char *file, const char *directory) {
  CURLcode result = CURLE_OK;
  IVS_OPTION(result, handle, CURLOPT_CAINFO, file);
  IVS_OPTION(result, handle, CURLOPT_CAPATH, directory);
  IVS_OPTION(result, handle, CURLOPT_PROXY_CAINFO, file);
  IVS_OPTION(result, handle, CURLOPT_PROXY_CAPATH, directory);
  return result;
}

CURLcode ivs_trust_set(ivs_trust *trust, CURL *handle) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (!trust->verify) return set_paths(handle, NULL, NULL);
  if (!trust->file && !trust->directory) return CURLE_OK;
  if (!trust->file || trust->is_directory_enough) return set_paths(handle, NULL, trust->directory);
  pthread_once(&once, find_control);
  if (!control || curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, on_context))
    return set_paths(handle, trust->file, trust->directory);
  CURLcode result = curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, trust);
  return result ? result : set_paths(handle, NULL, NULL);
}

/* libcurl initializes the result of the verification with 1, and sets it before it compares the host's
 * name. */
static bool is_untrusted(CURL *handle, CURLINFO verification) {
  long found = X509_V_OK;
  curl_easy_getinfo(handle, verification, &found);
  return found != X509_V_OK && found != X509_V_ERR_UNSPECIFIED;
}

bool ivs_trust_may_widen(CURL *handle, CURLcode result) {
  return result == CURLE_PEER_FAILED_VERIFICATION && (is_untrusted(handle, CURLINFO_SSL_VERIFYRESULT) ||
                                                      is_untrusted(handle, CURLINFO_PROXY_SSL_VERIFYRESULT));
}
