/* Chooses between directory, shared store and libcurl's own reading of a bundle. */
#include "trust.h"
#include "core/clock.h"
#include "libcurl.h"
#include "store.h"

#include <dirent.h>
#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
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

/* Finds a name that `openssl rehash` has made in the directory: 8 hexadecimal digits and ".0". file: its path,
 * or NULL. */
static bool find_hashed(const char *path, char *file, size_t size) {
  enum { DIGITS = 8 };
  DIR *directory = opendir(path);
  const struct dirent *each;
  bool found = false;
  if (!directory) return false;
  while (!found && (each = readdir(directory)))
    found = strspn(each->d_name, "0123456789abcdef") == DIGITS && strcmp(each->d_name + DIGITS, ".0") == 0;
  if (found && file) snprintf(file, size, "%s/%s", path, each->d_name);
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
  trust->is_directory_enough = info->capath && find_hashed(info->capath, NULL, 0);
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

/* Since 8.17.0 libcurl uses its default bundle if no bundle is set; earlier NULL is none. */
static bool has_default_bundle(void) {
  return curl_version_info(CURLVERSION_NOW)->version_num >= 0x081100;
}

/* The directory alone. In place of no bundle, one of its own files, which is trusted anyway; if it has none,
 * the directory, which is not a bundle, so that libcurl refuses. */
static CURLcode set_directory(CURL *handle, const char *directory) {
  char file[4096];
  if (!has_default_bundle()) return set_paths(handle, NULL, directory);
  return set_paths(handle, find_hashed(directory, file, sizeof file) ? file : directory, directory);
}

#if LIBCURL_VERSION_NUM >= 0x074d00
/* One certificate of a store as PEM; an empty buffer: none. */
static BIO *first_certificate(X509_STORE *store) {
  BIO *text = BIO_new(BIO_s_mem());
  if (!text || !X509_STORE_lock(store)) return text;
  STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
  X509 *first = NULL;
  for (int i = 0; !first && i < sk_X509_OBJECT_num(objects); i++)
    first = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
  if (first) PEM_write_bio_X509(text, first);
  X509_STORE_unlock(store);
  return text;
}
#endif

/* Leaves nothing for libcurl to read, since on_context sets the store. In place of no bundle, one certificate of
 * the store: the verification does not look at it. */
static CURLcode set_nothing(ivs_trust *trust, CURL *handle) {
  CURLcode result = set_paths(handle, NULL, NULL);
#if LIBCURL_VERSION_NUM >= 0x074d00
  X509_STORE *store = has_default_bundle() ? ivs_store_get(trust->file, trust->directory, false) : NULL;
  if (!store) return result; /* on_context reports the error */
  BIO *text = first_certificate(store);
  struct curl_blob blob = {.flags = CURL_BLOB_COPY};
  if (text) blob.len = (size_t)BIO_get_mem_data(text, &blob.data);
  if (blob.len) {
    IVS_OPTION(result, handle, CURLOPT_CAINFO_BLOB, &blob);
    IVS_OPTION(result, handle, CURLOPT_PROXY_CAINFO_BLOB, &blob);
  }
  BIO_free(text);
  X509_STORE_free(store);
#else
  (void)trust;
#endif
  return result;
}

CURLcode ivs_trust_set(ivs_trust *trust, CURL *handle) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (!trust->verify) return set_paths(handle, NULL, NULL);
  if (!trust->file && !trust->directory) return CURLE_OK;
  if (!trust->file || trust->is_directory_enough) return set_directory(handle, trust->directory);
  pthread_once(&once, find_control);
  if (!control || curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, on_context))
    return set_paths(handle, trust->file, trust->directory);
  CURLcode result = curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, trust);
  return result ? result : set_nothing(trust, handle);
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
