/*
 * LD_PRELOADed, for trust_spec and the benchmarks: the system's certificate authorities, as libcurl of Debian
 * knows them, are those of the directory IVS_AUTHORITIES: bundle.pem in place of
 * /etc/ssl/certs/ca-certificates.crt, hashed/ in place of /etc/ssl/certs. Each opening of a bundle adds a byte
 * to IVS_AUTHORITIES/opened, so that a spec can count. With IVS_HIDE_LIBCURL, dladdr finds nothing.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char system_directory[] = "/etc/ssl/certs", bundle_name[] = "/ca-certificates.crt";

/* Returns the file to use in place of the path. */
static const char *replace(const char *path, char *space, size_t size) {
  const char *ours = getenv("IVS_AUTHORITIES");
  const size_t length = sizeof system_directory - 1;
  if (!ours || !path || strncmp(path, system_directory, length) != 0) return path;
  if (path[length] != '\0' && path[length] != '/') return path;
  if (strcmp(path + length, bundle_name) == 0)
    snprintf(space, size, "%s/bundle.pem", ours);
  else
    snprintf(space, size, "%s/hashed%s", ours, path + length);
  return space;
}

static void count_opening(const char *path) {
  const char *ours = getenv("IVS_AUTHORITIES"), *name = strrchr(path, '/');
  char counter[4096];
  if (!ours || !name || strcmp(name, "/bundle.pem") != 0) return;
  snprintf(counter, sizeof counter, "%s/opened", ours);
  int file = open(counter, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || write(file, ".", 1) != 1) abort();
  close(file);
}

typedef FILE *opener(const char *, const char *);
typedef int examiner(const char *, struct stat *);

static FILE *open_with(const char *function, const char *path, const char *mode) {
  char space[4096];
  path = replace(path, space, sizeof space);
  count_opening(path);
  return ((opener *)dlsym(RTLD_NEXT, function))(path, mode);
}

FILE *fopen(const char *path, const char *mode) {
  return open_with("fopen", path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
  return open_with("fopen64", path, mode);
}

int stat(const char *path, struct stat *found) {
  char space[4096];
  return ((examiner *)dlsym(RTLD_NEXT, "stat"))(replace(path, space, sizeof space), found);
}

int stat64(const char *path, struct stat64 *found) {
  char space[4096];
  return ((int (*)(const char *, struct stat64 *))dlsym(RTLD_NEXT, "stat64"))(
      replace(path, space, sizeof space), found);
}

/* OpenSSL 3.0.22 asks for a hashed name in this way. */
int lstat(const char *path, struct stat *found) {
  char space[4096];
  return ((examiner *)dlsym(RTLD_NEXT, "lstat"))(replace(path, space, sizeof space), found);
}

int lstat64(const char *path, struct stat64 *found) {
  char space[4096];
  return ((int (*)(const char *, struct stat64 *))dlsym(RTLD_NEXT, "lstat64"))(
      replace(path, space, sizeof space), found);
}

DIR *opendir(const char *path) {
  char space[4096];
  return ((DIR * (*)(const char *))dlsym(RTLD_NEXT, "opendir"))(replace(path, space, sizeof space));
}

int dladdr(const void *address, Dl_info *found) {
  if (getenv("IVS_HIDE_LIBCURL")) return 0;
  return ((int (*)(const void *, Dl_info *))dlsym(RTLD_NEXT, "dladdr"))(address, found);
}
