/*
 * Functions over libcrypto and the file system for Lua code. File functions return nil, message and errno on
 * failure. A failure of libcrypto raises an error object.
 */
#include "lua/system.h"
#include "core/buffer.h"
#include "core/call.h"
#include "core/endpoint.h"
#include "core/timestamp.h"
#include "core/status.h"
#include "core/uri.h"
#include "core/clock.h"
#include "lua/es256.h"
#include "lua/failure.h"
#include "lua/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Pushes nil, message, errno. */
static int refuse_errno(lua_State *L, int error) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(error));
  lua_pushinteger(L, error);
  return 3;
}

static int push_digest(lua_State *L, const EVP_MD *algorithm) {
  static const char digits[] = "0123456789abcdef";
  unsigned char hash[EVP_MAX_MD_SIZE];
  char text[2 * EVP_MAX_MD_SIZE];
  unsigned length = 0;
  size_t size;
  const char *data = luaL_checklstring(L, 1, &size);
  if (!EVP_Digest(data, size, hash, &length, algorithm, NULL))
    return ivs_lua_failure_raise(L, IVS_ECRYPTO, "hashing the name of a cache file");
  for (unsigned i = 0; i < length; i++) {
    text[2 * i] = digits[hash[i] >> 4];
    text[2 * i + 1] = digits[hash[i] & 15];
  }
  lua_pushlstring(L, text, 2 * length);
  return 1;
}

/* sha1(text) → lower-case hexadecimal, for the names of SSO cache files. */
static int sha1(lua_State *L) {
  return push_digest(L, EVP_sha1());
}

/* sha256(text) → lower-case hexadecimal. */
static int sha256(lua_State *L) {
  return push_digest(L, EVP_sha256());
}

/* base64url(bytes) → text without padding (RFC 4648, 5). */
static int base64url(lua_State *L) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  size_t size;
  const unsigned char *data = (const unsigned char *)luaL_checklstring(L, 1, &size);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < size; i += 3) {
    unsigned left = size - i < 3 ? (unsigned)(size - i) : 3;
    unsigned long group = (unsigned long)data[i] << 16;
    if (left > 1) group |= (unsigned long)data[i + 1] << 8;
    if (left > 2) group |= data[i + 2];
    for (unsigned j = 0; j <= left; j++) luaL_addchar(&out, digits[(group >> (18 - 6 * j)) & 63]);
  }
  luaL_pushresult(&out);
  return 1;
}

/* uuid() → a random UUID (version 4). */
static int uuid(lua_State *L) {
  unsigned char random[16];
  char text[37];
  if (RAND_bytes(random, sizeof random) != 1)
    return ivs_lua_failure_raise(L, IVS_ECRYPTO, "generating a UUID");
  ivs_call_write_uuid(text, random);
  lua_pushstring(L, text);
  return 1;
}

/* parse_time(text) → seconds since 1970, as an integer if whole; nil if the text is not ISO 8601. */
static int parse_time(lua_State *L) {
  ivs_slice text;
  double seconds;
  text.data = luaL_checklstring(L, 1, &text.length);
  if (!ivs_timestamp_parse_iso8601(text, &seconds)) return 0;
  if (seconds == floor(seconds))
    lua_pushinteger(L, (lua_Integer)seconds);
  else
    lua_pushnumber(L, seconds);
  return 1;
}

/* mask_url(text) → the text for a message, without user and password (core/uri.h). */
static int mask_url(lua_State *L) {
  ivs_slice text;
  text.data = luaL_checklstring(L, 1, &text.length);
  ivs_buffer *out = ivs_lua_objects_new_buffer(L, text.length + 3);
  if (ivs_uri_add_masked(out, text)) return ivs_lua_failure_raise(L, IVS_ENOMEM, "masking a URL");
  lua_pushlstring(L, ivs_buffer_text(out), out->length);
  return 1;
}

/* partition(region) → name, endpoint suffix, dual-stack endpoint suffix (core/endpoint.h). */
static int partition(lua_State *L) {
  const ivs_partition *found = ivs_endpoint_partition(luaL_checkstring(L, 1));
  lua_pushstring(L, found->name);
  lua_pushstring(L, found->suffix);
  lua_pushstring(L, found->dualstack_suffix);
  return 3;
}

/* es256_sign(pem, text) → r and s, 32 bytes each | nil, message: the signature of a JWS (RFC 7518, 3.4). */
static int es256_sign(lua_State *L) {
  ivs_slice pem, text;
  unsigned char signature[IVS_LUA_ES256_SIZE];
  pem.data = luaL_checklstring(L, 1, &pem.length);
  text.data = luaL_checklstring(L, 2, &text.length);
  const char *problem = ivs_lua_es256_sign(pem, text, signature);
  if (!problem) {
    lua_pushlstring(L, (const char *)signature, sizeof signature);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, problem);
  return 2;
}

/* es256_public(pem) → x, y: the public point's coordinates, 32 bytes each | nil, message. */
static int es256_public(lua_State *L) {
  ivs_slice pem;
  unsigned char point[IVS_LUA_ES256_SIZE];
  pem.data = luaL_checklstring(L, 1, &pem.length);
  const char *problem = ivs_lua_es256_public(pem, point);
  if (problem) {
    lua_pushnil(L);
    lua_pushstring(L, problem);
    return 2;
  }
  lua_pushlstring(L, (const char *)point, IVS_LUA_ES256_SIZE / 2);
  lua_pushlstring(L, (const char *)point + IVS_LUA_ES256_SIZE / 2, IVS_LUA_ES256_SIZE / 2);
  return 2;
}

/* Reads the file into the buffer. Returns 0 or errno; EFBIG if the file is larger than the cap. */
static int read_all(int file, ivs_buffer *out) {
  char chunk[16 * 1024];
  for (;;) {
    ssize_t count = read(file, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return 0;
    int status = ivs_buffer_add(out, chunk, (size_t)count);
    OPENSSL_cleanse(chunk, (size_t)count);
    if (status) return status == IVS_ETOOBIG ? EFBIG : ENOMEM;
  }
}

/* Reading a FIFO or a socket could block forever. /dev/null is allowed: users set it to mean "no file". */
static int is_readable(mode_t mode) {
  return S_ISREG(mode) || S_ISCHR(mode);
}

/* read_file(path, max_bytes) → text | nil, message, errno. */
static int read_file(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  double cap = luaL_checknumber(L, 2);
  struct stat found;
  ivs_buffer *text = ivs_lua_objects_new_buffer(L, cap > 0 ? (size_t)cap : 0);
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return refuse_errno(L, errno);
  int error = fstat(file, &found)          ? errno
              : S_ISDIR(found.st_mode)     ? EISDIR
              : is_readable(found.st_mode) ? 0
                                           : EINVAL;
  if (!error) error = read_all(file, text);
  close(file);
  if (!error) lua_pushlstring(L, ivs_buffer_text(text), text->length);
  ivs_buffer_free(text);
  return error ? refuse_errno(L, error) : 1;
}

/* file_owner(path) → user id | nil, message, errno. */
static int file_owner(lua_State *L) {
  struct stat found;
  if (stat(luaL_checkstring(L, 1), &found)) return refuse_errno(L, errno);
  lua_pushinteger(L, (lua_Integer)found.st_uid);
  return 1;
}

/* home_directory(user?) → the account's home directory | nil. For `~` if HOME is not set, and for `~user`. */
static int home_directory(lua_State *L) {
  const char *user = luaL_optstring(L, 1, NULL);
  char text[4096];
  struct passwd entry, *found = NULL;
  int failed = user ? getpwnam_r(user, &entry, text, sizeof text, &found)
                    : getpwuid_r(geteuid(), &entry, text, sizeof text, &found);
  if (failed || !found || !found->pw_dir) return 0;
  lua_pushstring(L, found->pw_dir);
  return 1;
}

/* Returns 0 if the path is a file that may be executed, else errno. */
static int check_program(const char *path) {
  struct stat found;
  if (stat(path, &found)) return errno;
  if (!S_ISREG(found.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

/*
 * find_program(name, path?) → the program's path | nil, message, errno. Searches like execvp (POSIX, exec),
 * but in `path` instead of this process's PATH. Returns a name with a slash unchanged.
 */
static int find_program(lua_State *L) {
  enum { NAME = 1, LIST = 2 };
  const char *name = luaL_checkstring(L, NAME), *at = luaL_optstring(L, LIST, "/bin:/usr/bin");
  int problem = ENOENT;
  lua_settop(L, LIST);
  if (strchr(name, '/')) {
    lua_settop(L, NAME);
    return 1;
  }
  for (bool more = name[0]; more; at++) {
    size_t length = strcspn(at, ":");
    lua_pushlstring(L, at, length);
    lua_pushstring(L, length ? "/" : "./"); /* an empty entry is the current directory */
    lua_pushvalue(L, NAME);
    lua_concat(L, 3);
    int error = check_program(lua_tostring(L, -1));
    if (!error) return 1;
    if (error == EACCES) problem = error;
    lua_settop(L, LIST);
    at += length;
    more = *at == ':';
  }
  return refuse_errno(L, problem);
}

/* euid() → the process's effective user id. */
static int euid(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)geteuid());
  return 1;
}

static int write_all(int file, const char *data, size_t size) {
  while (size) {
    ssize_t count = write(file, data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    data += count;
    size -= (size_t)count;
  }
  return fsync(file) ? errno : 0;
}

/*
 * write_private(path, text) → true | nil, message, errno. Writes a new file (mode 0600) next to the old one
 * and renames it. A reader gets the old text or the new one. A failure leaves the old file unchanged.
 */
static int write_private(lua_State *L) {
  size_t size;
  const char *path = luaL_checkstring(L, 1);
  const char *data = luaL_checklstring(L, 2, &size);
  const char *pattern = lua_pushfstring(L, "%s.XXXXXX", path);
  char *temporary = lua_newuserdata(L, strlen(pattern) + 1);
  memcpy(temporary, pattern, strlen(pattern) + 1);
  int file = mkostemp(temporary, O_CLOEXEC);
  if (file < 0) return refuse_errno(L, errno);
  int error = fchmod(file, S_IRUSR | S_IWUSR) ? errno : write_all(file, data, size);
  if (close(file) && !error) error = errno;
  if (!error && rename(temporary, path)) error = errno;
  if (error) {
    unlink(temporary);
    return refuse_errno(L, error);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* now() → seconds since 1970. */
static int now(lua_State *L) {
  lua_pushnumber(L, ivs_clock_now());
  return 1;
}

void ivs_lua_system_push(lua_State *L) {
  static const luaL_Reg functions[] = {{"sha1", sha1},
                                       {"sha256", sha256},
                                       {"base64url", base64url},
                                       {"uuid", uuid},
                                       {"parse_time", parse_time},
                                       {"mask_url", mask_url},
                                       {"partition", partition},
                                       {"es256_sign", es256_sign},
                                       {"es256_public", es256_public},
                                       {"read_file", read_file},
                                       {"file_owner", file_owner},
                                       {"find_program", find_program},
                                       {"euid", euid},
                                       {"home_directory", home_directory},
                                       {"write_private", write_private},
                                       {"now", now},
                                       {NULL, NULL}};
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
}
