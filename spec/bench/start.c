/*
 * Measures process starts: runs two programs alternately and prints a line `SECONDS KIB` for each run: the
 * time from the start to the program's first byte on standard output, and its peak memory.
 *
 *   start ROUNDS PROGRAM [ARGUMENT...] -- PROGRAM [ARGUMENT...]
 *
 * It is a separate program that links only the C library, because a child's peak memory begins with its
 * parent's.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Starts the program with its standard output connected to the pipe. Returns 0 or errno. */
static int launch(char **argv, const int ends[2], pid_t *child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  int status = posix_spawnp(child, argv[0], &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return status;
}

static int measure(char **argv) {
  int ends[2], status;
  pid_t child;
  char byte;
  struct rusage usage;
  if (pipe(ends)) return 1;
  double began = monotonic();
  if (launch(argv, ends, &child)) return 1;
  close(ends[1]);
  ssize_t got = read(ends[0], &byte, 1);
  double seconds = monotonic() - began;
  close(ends[0]);
  if (wait4(child, &status, 0, &usage) != child || got != 1 || status) {
    fprintf(stderr, "start: %s failed\n", argv[0]);
    return 1;
  }
  printf("%.6f %ld\n", seconds, usage.ru_maxrss);
  return 0;
}

int main(int argc, char **argv) {
  int split = 3;
  while (split < argc && strcmp(argv[split], "--") != 0) split++;
  if (split >= argc - 1) return 2;
  argv[split] = NULL;
  for (int round = atoi(argv[1]); round > 0; round--)
    if (measure(argv + 2) || measure(argv + split + 1)) return 1;
  return 0;
}
