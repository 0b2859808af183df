/* Runs a program with posix_spawn, two pipes and one deadline. */
#include "lua/blocking/process.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "lua/blocking/interrupt.h"
#include "lua/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* musl does not have it, nor the macro that tells glibc's version. */
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
#define HAS_CLOSEFROM
#endif
#endif

extern char **environ;

enum { OUT, ERR, STREAMS };
enum { ARGUMENTS_MAX = 256, VARIABLES_MAX = 4096, TICK_MS = 20, LINGER_MS = 100 };

typedef struct child {
  pid_t pid;          /* 0: no process to wait for */
  bool leads_group;   /* it has its own process group, which is killed with it */
  int pipes[STREAMS]; /* the read ends; -1: closed */
  ivs_buffer texts[STREAMS];
} child;

static void end_child(child *c) {
  for (int i = 0; i < STREAMS; i++) {
    if (c->pipes[i] >= 0) close(c->pipes[i]);
    c->pipes[i] = -1;
  }
  if (c->pid > 0) {
    kill(c->leads_group ? -c->pid : c->pid, SIGKILL);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) continue;
    c->pid = 0;
  }
}

static int collect(lua_State *L) {
  child *c = lua_touserdata(L, 1);
  end_child(c);
  for (int i = 0; i < STREAMS; i++) ivs_buffer_free(&c->texts[i]);
  return 0;
}

static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
static const ivs_object_type child_type = {"ivs.process", metamethods};

/* Reads a list of strings as argv. The table keeps the strings alive. */
static void read_arguments(lua_State *L, int index, char *out[ARGUMENTS_MAX + 1]) {
  size_t count = (size_t)lua_rawlen(L, index);
  if (count < 1 || count > ARGUMENTS_MAX)
    luaL_argerror(L, index, "a program and at most 255 arguments expected");
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    out[i] = (char *)(uintptr_t)luaL_checkstring(L, -1);
    lua_pop(L, 1);
  }
  out[count] = NULL;
}

/* Reads a table of variables as environ. The memory is a userdata that stays on the stack. NULL if there is
 * no table. */
static char **read_environment(lua_State *L, int index) {
  size_t count = 0;
  if (!lua_istable(L, index)) return NULL;
  char **out = lua_newuserdata(L, sizeof *out * (VARIABLES_MAX + 1));
  lua_newtable(L); /* keeps the strings alive */
  int keep = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING && count < VARIABLES_MAX) {
      out[count++] = (char *)(uintptr_t)lua_pushfstring(L, "%s=%s", lua_tostring(L, -2), lua_tostring(L, -1));
      lua_rawseti(L, keep, (int)count);
    }
    lua_pop(L, 1);
  }
  out[count] = NULL;
  return out;
}

/* Whether this process is in the terminal's foreground process group. The program may then prompt the user.
 * In another process group it would be stopped when it reads from the terminal, and Ctrl-C would not reach
 * it. */
static bool is_in_foreground(void) {
  int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal < 0) return false;
  bool is_ours = tcgetpgrp(terminal) == getpgrp();
  close(terminal);
  return is_ours;
}

/* Starts the program. Returns 0 or errno. */
static int spawn(child *c, char *const argv[], char *const variables[]) {
  int ends[STREAMS][2] = {{-1, -1}, {-1, -1}};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  int error = pipe2(ends[OUT], O_CLOEXEC) || pipe2(ends[ERR], O_CLOEXEC) ? errno : 0;
  c->leads_group = !is_in_foreground();
  if (c->leads_group) posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[OUT][1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[ERR][1], STDERR_FILENO);
#ifdef HAS_CLOSEFROM
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
  posix_spawnattr_setflags(&attributes,
                           (short)((c->leads_group ? POSIX_SPAWN_SETPGROUP : 0) | POSIX_SPAWN_SETSIGMASK));
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  if (!error)
    error = posix_spawn(&c->pid, argv[0], &actions, &attributes, argv, variables ? variables : environ);
  if (error) c->pid = 0;
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  for (int i = 0; i < STREAMS; i++) {
    if (ends[i][1] >= 0) close(ends[i][1]);
    c->pipes[i] = ends[i][0];
    if (c->pipes[i] >= 0) fcntl(c->pipes[i], F_SETFL, O_NONBLOCK);
  }
  return error;
}

/* Reads the available output; closes the pipe at its end. False if the output is too large. */
static bool take(child *c, int stream) {
  char chunk[4096];
  for (;;) {
    ssize_t count = read(c->pipes[stream], chunk, sizeof chunk);
    if (count > 0) {
      int status = ivs_buffer_add(&c->texts[stream], chunk, (size_t)count);
      OPENSSL_cleanse(chunk, (size_t)count);
      if (status) return false;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    close(c->pipes[stream]);
    c->pipes[stream] = -1;
    return true;
  }
}

/* Waits until the program has ended and its output is read. Returns NULL, or the problem. Does not wait for
 * descendants that keep the pipes open. */
static const char *follow(child *c, double deadline, ivs_lua_interrupt *interrupt, int *status) {
  double ended_at = 0;
  for (;;) {
    struct pollfd polled[STREAMS] = {{c->pipes[OUT], POLLIN, 0}, {c->pipes[ERR], POLLIN, 0}};
    if (poll(polled, STREAMS, TICK_MS) < 0 && errno != EINTR) return strerror(errno);
    for (int i = 0; i < STREAMS; i++)
      if (c->pipes[i] >= 0 && polled[i].revents && !take(c, i)) return "it printed too much";
    if (c->pid > 0) {
      pid_t found = waitpid(c->pid, status, WNOHANG);
      if (found < 0 && errno != EINTR) {
        c->pid = 0;
        return "its exit status is lost (SIGCHLD is ignored in this process)";
      }
      if (found == c->pid) {
        c->pid = 0;
        ended_at = ivs_clock_monotonic();
      }
    }
    bool drained = c->pipes[OUT] < 0 && c->pipes[ERR] < 0;
    if (c->pid == 0 && (drained || ivs_clock_monotonic() - ended_at > (double)LINGER_MS / 1000)) return NULL;
    if (ivs_clock_monotonic() > deadline) return "it did not end in time";
    if (ivs_lua_interrupt_is_due(interrupt)) return "it was interrupted";
  }
}

static void push_result(lua_State *L, const child *c, int status) {
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
  lua_setfield(L, -2, WIFEXITED(status) ? "status" : "signal");
  lua_pushlstring(L, ivs_buffer_text(&c->texts[OUT]), c->texts[OUT].length);
  lua_setfield(L, -2, "stdout");
  lua_pushlstring(L, ivs_buffer_text(&c->texts[ERR]), c->texts[ERR].length);
  lua_setfield(L, -2, "stderr");
}

static double option(lua_State *L, const char *name, double standard) {
  lua_getfield(L, 2, name);
  double number = lua_isnil(L, -1) ? standard : lua_tonumber(L, -1);
  lua_pop(L, 1);
  return number;
}

void ivs_lua_process_register(lua_State *L) {
  ivs_lua_objects_register(L, &child_type);
}

int ivs_lua_process_run(lua_State *L) {
  enum { ARGV = 1, OPTIONS = 2, VARIABLES = 3 };
  char *argv[ARGUMENTS_MAX + 1];
  int status = 0;
  luaL_checktype(L, ARGV, LUA_TTABLE);
  luaL_checktype(L, OPTIONS, LUA_TTABLE);
  lua_settop(L, OPTIONS);
  lua_getfield(L, OPTIONS, "env");
  double timeout = option(L, "timeout", 60);
  size_t cap = (size_t)option(L, "max_bytes", 64 * 1024);
  read_arguments(L, ARGV, argv);
  char **variables = read_environment(L, VARIABLES);
  ivs_lua_interrupt interrupt;
  ivs_lua_interrupt_begin(L, &interrupt);
  child *c = ivs_lua_objects_new(L, &child_type, sizeof *c);
  for (int i = 0; i < STREAMS; i++) {
    c->pipes[i] = -1;
    ivs_buffer_init(&c->texts[i], cap);
  }
  int error = spawn(c, argv, variables);
  const char *problem =
      error ? strerror(error) : follow(c, ivs_clock_monotonic() + timeout, &interrupt, &status);
  end_child(c);
  if (!problem) push_result(L, c, status);
  for (int i = 0; i < STREAMS; i++)
    ivs_buffer_free(&c->texts[i]); /* wipes the output, which may contain credentials */
  ivs_lua_interrupt_run(&interrupt);
  if (!problem) return 1;
  lua_pushnil(L);
  lua_pushstring(L, problem);
  return 2;
}
