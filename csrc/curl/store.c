/* A few parsed stores, found by the names of their files. */
#include "store.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { STORES_MAX = 8 };

/* What changes when a file is replaced or written. */
typedef struct identity {
  dev_t device;
  ino_t number;
  off_t size;
  struct timespec written, changed;
} identity;

typedef struct entry {
  char *file, *directory; /* directory: NULL: none */
  identity file_identity, directory_identity;
  X509_STORE *store;
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry entries[STORES_MAX];
static size_t next_victim;
static entry of_parent[STORES_MAX]; /* in a forked child: unused, but reachable for leak checkers */

/* ---- forks ---- */

static void before_fork(void) {
  pthread_mutex_lock(&lock);
}

static void after_fork(void) {
  pthread_mutex_unlock(&lock);
}

static void in_child(void) {
  memcpy(of_parent, entries, sizeof entries);
  memset(entries, 0, sizeof entries);
  pthread_mutex_unlock(&lock);
}

static void watch_forks(void) {
  pthread_atfork(before_fork, after_fork, in_child);
}

/* ---- entries ---- */

static identity identify(const char *path) {
  struct stat found;
  identity result;
  memset(&result, 0, sizeof result); /* padding included: identities are compared with memcmp */
  if (!path || stat(path, &found)) return result;
  result.device = found.st_dev;
  result.number = found.st_ino;
  result.size = found.st_size;
#ifdef __APPLE__
  result.written = found.st_mtimespec;
  result.changed = found.st_ctimespec;
#else
  result.written = found.st_mtim;
  result.changed = found.st_ctim;
#endif
  return result;
}

static bool is_changed(const char *path, const identity *before) {
  const identity now = identify(path);
  return memcmp(&now, before, sizeof now) != 0;
}

static bool is_same_path(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static entry *find(const char *file, const char *directory) {
  for (size_t i = 0; i < STORES_MAX; i++)
    if (entries[i].store && is_same_path(entries[i].file, file) &&
        is_same_path(entries[i].directory, directory))
      return &entries[i];
  return NULL;
}

static void drop(entry *old) {
  X509_STORE_free(old->store);
  free(old->file);
  free(old->directory);
  memset(old, 0, sizeof *old);
}

/* The flags are those that libcurl sets: trust in an intermediate certificate is enough. */
static X509_STORE *load(const char *file, const char *directory) {
  ERR_set_mark();
  X509_STORE *store = X509_STORE_new();
  if (store && (!X509_STORE_load_locations(store, file, directory) ||
                !X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN))) {
    X509_STORE_free(store);
    store = NULL;
  }
  ERR_pop_to_mark();
  return store;
}

/* Reads the store into a free entry or in place of the oldest. The identities are taken first, so that a
 * change during the reading is seen at the next check. */
static entry *read_new(const char *file, const char *directory) {
  entry made = {.file_identity = identify(file), .directory_identity = identify(directory)};
  made.file = strdup(file);
  made.directory = directory ? strdup(directory) : NULL;
  if (made.file && (made.directory || !directory)) made.store = load(file, directory);
  if (!made.store) {
    drop(&made);
    return NULL;
  }
  entry *place = &entries[next_victim];
  next_victim = (next_victim + 1) % STORES_MAX;
  drop(place);
  *place = made;
  return place;
}

static entry *get(const char *file, const char *directory, bool must_check) {
  entry *found = find(file, directory);
  if (found && must_check &&
      (is_changed(file, &found->file_identity) || is_changed(directory, &found->directory_identity))) {
    drop(found);
    found = NULL;
  }
  return found ? found : read_new(file, directory);
}

X509_STORE *ivs_store_get(const char *file, const char *directory, bool must_check) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch_forks);
  pthread_mutex_lock(&lock);
  const entry *found = get(file, directory, must_check);
  X509_STORE *store = found && X509_STORE_up_ref(found->store) ? found->store : NULL;
  pthread_mutex_unlock(&lock);
  return store;
}
