/*
 * Runs each scenario of a script many times; in each run another allocation fails. Each run has its own
 * process, so a crash is one line of the report, and the live blocks after lua_close can be counted.
 *
 *   host [--stride N] SCRIPT          SCRIPT returns a list of scenarios (see scenarios.lua)
 *
 * The return address identifies the owner of an allocation: `lua` is the allocator of lua_newstate, `module`
 * is ivs.so and ivs/core.so, `crypto` is libcrypto, `curl` is libcurl. Allocations of other libraries never
 * fail: lua-cjson aborts if its allocations fail.
 *
 * A script may name a secret (watch_secret). A block of the module that contains it when it is freed is an
 * error.
 *
 * Modes: `once`: the nth allocation fails; `twice`: the nth and the next one, because Lua 5.2 and later run
 * the garbage collector and try again; `on`: the nth and all later ones.
 *
 * With -DIVS_LUAJIT, Lua's allocator never fails: LuaJIT itself (2.1-20230119) crashes if its stack cannot
 * grow during a call from C to Lua, even without this package. With -DIVS_SANITIZED, only Lua's allocator
 * fails, because the sanitizer replaces malloc.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum owner { OTHER, LUA, MODULE, CRYPTO, CURL, CJSON, OWNER_COUNT };
enum way { ONCE, TWICE, ON, WAY_COUNT };

static const char *const owner_names[] = {"other", "lua", "module", "crypto", "curl", "cjson"};
static const char *const way_names[] = {"once", "twice", "on"};

static struct {
  enum owner owner;
  enum way way;
  long nth; /* 0: nothing fails */
  long seen, failed;
} plan;

static long live[OWNER_COUNT];

/* Whether this allocation must fail. */
static bool fails(enum owner owner) {
  if (!plan.nth || owner != plan.owner) return false;
  long n = ++plan.seen;
  bool now = n == plan.nth || (plan.way == TWICE && n == plan.nth + 1) || (plan.way == ON && n > plan.nth);
  plan.failed += now;
  return now;
}

#ifndef IVS_SANITIZED
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);
#define raw_realloc __libc_realloc
#define raw_free __libc_free
#else
#define raw_realloc realloc
#define raw_free free
#endif

/* Lua requires that shrinking a block succeeds. */
static void *allocate(void *user, void *block, size_t before, size_t size) {
  (void)user;
  if (size == 0) {
    if (block) live[LUA]--;
    raw_free(block);
    return NULL;
  }
  if ((!block || size > before) && fails(LUA)) return NULL;
  void *grown = raw_realloc(block, size);
  if (grown && !block) live[LUA]++;
  return grown;
}

/* ---- malloc, by its caller ---- */

#ifndef IVS_SANITIZED

enum { RANGES_MAX = 32, TABLE_SIZE = 1 << 17 };

static struct range {
  uintptr_t start, end;
  enum owner owner;
} ranges[RANGES_MAX];
static int range_count;

/* A hash table of the watched owners' live blocks: open addressing, no gap between a block and its slot. */
static struct {
  void *block;
  size_t size;
  enum owner owner;
} table[TABLE_SIZE];

/* A text that the module's freed blocks must not contain, and whether one did. */
static char secret[128];
static bool has_leaked;

static bool holds_secret(const void *block, size_t size) {
  return secret[0] && memmem(block, size, secret, strlen(secret));
}

static enum owner caller(const void *address) {
  for (int i = 0; i < range_count; i++)
    if ((uintptr_t)address >= ranges[i].start && (uintptr_t)address < ranges[i].end) return ranges[i].owner;
  return OTHER;
}

static int note_object(struct dl_phdr_info *info, size_t size, void *user) {
  static const struct {
    const char *part;
    enum owner owner;
  } objects[] = {{"/ivs.so", MODULE},
                 {"/ivs/core.so", MODULE},
                 {"/libcrypto.so", CRYPTO},
                 {"/libcurl.so", CURL},
                 {"cjson.so", CJSON}};
  (void)size, (void)user;
  for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
    if (!strstr(info->dlpi_name, objects[i].part)) continue;
    for (int segment = 0; segment < info->dlpi_phnum; segment++) {
      const ElfW(Phdr) *header = &info->dlpi_phdr[segment];
      if (header->p_type != PT_LOAD || !(header->p_flags & PF_X) || range_count == RANGES_MAX) continue;
      uintptr_t start = info->dlpi_addr + header->p_vaddr;
      ranges[range_count++] = (struct range){start, start + header->p_memsz, objects[i].owner};
    }
  }
  return 0;
}

static void note_objects(void) {
  range_count = 0;
  dl_iterate_phdr(note_object, NULL);
}

static size_t slot_of(const void *block) {
  return ((uintptr_t)block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 47;
}

static void *remember(void *block, size_t size, enum owner owner) {
  if (!block || owner == OTHER) return block;
  if (owner == MODULE) memset(block, 0, size); /* removes the remains of other owners */
  if (live[MODULE] + live[CRYPTO] + live[CURL] + live[CJSON] > TABLE_SIZE / 2) abort();
  size_t at = slot_of(block);
  while (table[at].block) at = (at + 1) % TABLE_SIZE;
  table[at].block = block;
  table[at].size = size;
  table[at].owner = owner;
  live[owner]++;
  return block;
}

static enum owner forget(const void *block) {
  size_t at = slot_of(block);
  while (table[at].block && table[at].block != block) at = (at + 1) % TABLE_SIZE;
  if (!table[at].block) return OTHER;
  enum owner owner = table[at].owner;
  if (owner == MODULE && holds_secret(block, table[at].size)) has_leaked = true;
  live[owner]--;
  table[at].block = NULL;
  /* Moves later blocks into the gap, so that a search finds them. */
  for (size_t next = (at + 1) % TABLE_SIZE; table[next].block; next = (next + 1) % TABLE_SIZE) {
    size_t home = slot_of(table[next].block);
    if ((next - home) % TABLE_SIZE < (next - at) % TABLE_SIZE) continue;
    table[at] = table[next];
    table[next].block = NULL;
    at = next;
  }
  return owner;
}

/* watch_secret(text): watches freed blocks from now on. */
static int watch_secret(lua_State *L) {
  snprintf(secret, sizeof secret, "%s", luaL_checkstring(L, 1));
  return 0;
}

/* secret_is_kept() → whether a live or freed block of the module contains the secret. */
static int secret_is_kept(lua_State *L) {
  bool found = has_leaked;
  for (size_t at = 0; at < TABLE_SIZE && !found; at++)
    found = table[at].block && table[at].owner == MODULE && holds_secret(table[at].block, table[at].size);
  lua_pushboolean(L, found);
  return 1;
}

#define CALLER caller(__builtin_return_address(0))

void *malloc(size_t size) {
  enum owner owner = CALLER;
  return fails(owner) ? NULL : remember(__libc_malloc(size), size, owner);
}

void *calloc(size_t count, size_t size) {
  enum owner owner = CALLER;
  return fails(owner) ? NULL : remember(__libc_calloc(count, size), count * size, owner);
}

void *realloc(void *block, size_t size) {
  enum owner owner = CALLER;
  if (size && fails(owner)) return NULL;
  if (owner == MODULE) abort(); /* realloc would not wipe the old block */
  enum owner before = block ? forget(block) : OTHER;
  void *grown = __libc_realloc(block, size);
  if (grown) return remember(grown, size, owner);
  if (size) remember(block, size, before);
  return NULL;
}

/* The C library calls malloc internally. */
char *strdup(const char *text) {
  enum owner owner = CALLER;
  const size_t size = strlen(text) + 1;
  char *copy = fails(owner) ? NULL : remember(__libc_malloc(size), size, owner);
  return copy ? memcpy(copy, text, size) : NULL;
}

void free(void *block) {
  if (block) forget(block);
  __libc_free(block);
}

#else
static void note_objects(void) {}
static const bool has_leaked = false;

static int watch_secret(lua_State *L) {
  (void)L;
  return 0;
}

static int secret_is_kept(lua_State *L) {
  lua_pushboolean(L, 0);
  return 1;
}

/* LeakSanitizer knows the names of functions only while their library is loaded. */
int dlclose(void *library) {
  (void)library;
  return 0;
}
#endif

/* Skips the wait before a retry. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *rest) {
  (void)clock, (void)flags, (void)until, (void)rest;
  return 0;
}

/* ---- one process ---- */

enum { TEXT_MAX = 400 };

/* The result of a child process, sent over a pipe. */
typedef struct finding {
  bool fired;       /* the allocation was reached and failed */
  char outcome[80]; /* "success", "raised", or the code of an error */
  char trouble[TEXT_MAX];
} finding;

static void say(char *out, size_t size, lua_State *L) {
  const char *text = lua_tostring(L, -1);
  snprintf(out, size, "%s", text ? text : lua_typename(L, lua_type(L, -1)));
}

/* Calls a function of the scenario, which is at the top: run → outcome, trouble. */
static void call(lua_State *L, const char *name, finding *out) {
  lua_getfield(L, -1, name);
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  int failed = lua_pcall(L, 0, 2, 0);
  long nth = plan.nth;
  plan.nth = 0; /* no more failures */
  if (failed) {
    char text[TEXT_MAX];
    say(text, sizeof text, L);
    if (nth) snprintf(out->outcome, sizeof out->outcome, "raised");
    if (!nth || !strstr(text, " memory")) snprintf(out->trouble, TEXT_MAX, "%s raised: %.300s", name, text);
    lua_pop(L, 1);
    return;
  }
  if (!lua_isnil(L, -1)) say(out->trouble, TEXT_MAX, L);
  lua_pop(L, 1);
  if (nth) say(out->outcome, sizeof out->outcome, L);
  lua_pop(L, 1);
}

/* One run: the scenario, the checks after it, and lua_close. */
static void run_child(lua_State *L, enum owner owner, enum way way, long nth, int report) {
  finding found = {0};
  long before[OWNER_COUNT];
  const bool is_first = live[MODULE] + live[CRYPTO] == 0; /* the run loads the libraries, which stay loaded */
  memcpy(before, live, sizeof live);
  plan.owner = owner;
  plan.way = way;
  plan.seen = plan.failed = 0;
  plan.nth = nth;
  call(L, "run", &found);
  found.fired = plan.failed > 0;
  if (!found.trouble[0]) call(L, "after", &found);
  lua_close(L);
  if (!found.trouble[0] && has_leaked)
    snprintf(found.trouble, TEXT_MAX, "a block was freed with a secret in it");
  if (!found.trouble[0] && live[LUA]) snprintf(found.trouble, TEXT_MAX, "%ld blocks of Lua left", live[LUA]);
  if (!found.trouble[0] && live[MODULE])
    snprintf(found.trouble, TEXT_MAX, "%ld blocks of the module left", live[MODULE]);
  /* libcrypto's error queue keeps the memory of sixteen texts */
  for (enum owner o = CRYPTO; o <= CURL && !found.trouble[0]; o++)
    if (!is_first && live[o] > before[o] + (o == CRYPTO ? 16 : 0))
      snprintf(found.trouble, TEXT_MAX, "%ld blocks of %s more than before", live[o] - before[o],
               owner_names[o]);
  if (write(report, &found, sizeof found) != (ssize_t)sizeof found) _exit(2);
}

static bool in_child(lua_State *L, enum owner owner, enum way way, long nth, finding *found) {
  int ends[2], status;
  memset(found, 0, sizeof *found);
  if (pipe(ends)) exit(2);
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) exit(2);
  if (child == 0) {
    close(ends[0]);
    alarm(20);
    run_child(L, owner, way, nth, ends[1]);
#ifdef IVS_SANITIZED
    exit(0); /* the sanitizer checks for leaks */
#else
    if (getenv("IVS_LINES")) exit(0); /* writes the coverage data (spec/coverage.sh) */
    _exit(0);
#endif
  }
  close(ends[1]);
  ssize_t size = read(ends[0], found, sizeof *found);
  close(ends[0]);
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    snprintf(found->trouble, TEXT_MAX, "the process ended with signal %d", WTERMSIG(status));
  else if (status)
    snprintf(found->trouble, TEXT_MAX, "the process ended with status %d", WEXITSTATUS(status));
  if (size != (ssize_t)sizeof *found) found->fired = true;
  return found->fired;
}

/* ---- the sweeps ---- */

typedef struct tally {
  char outcome[80];
  long count;
} tally;

static void count(tally tallies[16], const char *outcome) {
  for (int i = 0; i < 16; i++)
    if (!tallies[i].count || strcmp(tallies[i].outcome, outcome) == 0) {
      snprintf(tallies[i].outcome, sizeof tallies[i].outcome, "%s", outcome);
      tallies[i].count++;
      return;
    }
}

static long sweep(lua_State *L, const char *name, enum owner owner, enum way way, long stride) {
  tally tallies[16] = {0};
  finding found;
  long troubles = 0, runs = 0;
  for (long nth = 1; in_child(L, owner, way, nth, &found); nth += stride, runs++) {
    if (found.outcome[0]) count(tallies, found.outcome);
    if (found.trouble[0] && ++troubles <= 5)
      printf("TROUBLE %s %s %s %ld: %s\n", name, owner_names[owner], way_names[way], nth, found.trouble);
  }
  if (found.trouble[0] && ++troubles) printf("TROUBLE %s without a fault: %s\n", name, found.trouble);
  printf("SWEPT %s %s %s %ld:", name, owner_names[owner], way_names[way], runs);
  for (int i = 0; i < 16 && tallies[i].count; i++) printf(" %s=%ld", tallies[i].outcome, tallies[i].count);
  printf("\n");
  return troubles;
}

static bool wanted(lua_State *L, enum owner owner) {
  lua_getfield(L, -1, "owners");
  const char *owners = lua_tostring(L, -1);
  bool found = owners && strstr(owners, owner_names[owner]);
  lua_pop(L, 1);
  return found;
}

/* The scenario at the top. */
static long run_scenario(lua_State *L, long stride) {
  finding found = {0};
  lua_getfield(L, -1, "name");
  char name[64];
  say(name, sizeof name, L);
  lua_pop(L, 1);
  call(L, "prepare", &found);
  if (found.trouble[0]) {
    printf("TROUBLE %s: %s\n", name, found.trouble);
    return 1;
  }
  lua_getfield(L, -1, "stride");
  if (lua_isnumber(L, -1) && stride > 1) stride = (long)lua_tointeger(L, -1);
  lua_pop(L, 1);
  lua_gc(L, LUA_GCCOLLECT, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  note_objects();
  long troubles = 0;
  for (enum owner owner = LUA; owner <= CURL; owner++) {
#ifdef IVS_SANITIZED
    if (owner != LUA) continue;
#endif
#ifdef IVS_LUAJIT
    if (owner == LUA) continue;
#endif
    for (enum way way = ONCE; way < WAY_COUNT && wanted(L, owner); way++)
      if (way != TWICE || (owner == LUA && LUA_VERSION_NUM >= 502)) {
        troubles += sweep(L, name, owner, way, owner == LUA ? stride : 1);
      }
  }
  return troubles;
}

int main(int argc, char **argv) {
  long stride = 1, troubles = 0;
  int at = 1;
  if (argc > 3 && strcmp(argv[1], "--stride") == 0) {
    stride = atol(argv[2]);
    at = 3;
  }
  lua_State *L = lua_newstate(allocate, NULL);
  if (!L || at >= argc) return 2;
  luaL_openlibs(L);
  lua_register(L, "watch_secret", watch_secret);
  lua_register(L, "secret_is_kept", secret_is_kept);
  if (luaL_loadfile(L, argv[at]) || lua_pcall(L, 0, 1, 0)) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return 2;
  }
  for (int i = 1;; i++) {
    lua_rawgeti(L, 1, i);
    if (lua_isnil(L, -1)) break;
    troubles += run_scenario(L, stride);
    lua_pop(L, 1);
  }
  lua_close(L);
  return troubles > 0;
}
