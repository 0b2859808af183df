/*
 * Continuous signals, for timeout_spec. package.loadlib(path, "signal_storm_start") starts a process that
 * sends SIGALRM, SIGCHLD and SIGUSR1 to this one, which handles each without SA_RESTART; "signal_storm_stop"
 * ends it and raises no error. Both are Lua C functions that do not use the Lua API. The number of signals is
 * written to the file that IVS_STORM names.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int signal_storm_start(void *L);
int signal_storm_stop(void *L);

enum { INTERVAL_NS = 300 * 1000 };

static const int kinds[] = {SIGALRM, SIGCHLD, SIGUSR1};
static volatile sig_atomic_t count;
static pid_t sibling;

static void on_signal(int number) {
  (void)number;
  count++;
}

int signal_storm_start(void *L) {
  const struct timespec pause = {0, INTERVAL_NS};
  const pid_t target = getpid();
  struct sigaction action = {.sa_handler = on_signal};
  (void)L;
  for (int i = 0; i < 3; i++) sigaction(kinds[i], &action, NULL);
  sibling = fork();
  if (sibling) return 0;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int i = 0; kill(target, kinds[i % 3]) == 0; i++) nanosleep(&pause, NULL);
  _exit(0);
}

int signal_storm_stop(void *L) {
  struct sigaction action = {.sa_handler = SIG_IGN};
  const char *path = getenv("IVS_STORM");
  (void)L;
  kill(sibling, SIGKILL);
  while (waitpid(sibling, NULL, 0) < 0 && errno == EINTR) continue;
  for (int i = 0; i < 3; i++) sigaction(kinds[i], &action, NULL);
  FILE *file = path ? fopen(path, "w") : NULL;
  if (file) {
    fprintf(file, "%d\n", (int)count);
    fclose(file);
  }
  return 0;
}
