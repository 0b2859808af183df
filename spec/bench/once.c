/*
 * The yardstick for process start: a bare C program that sends one request and prints a line.
 *
 *   once URL CA_BUNDLE BODY [HEADER...]
 */
#include "bare.h"

#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  bare *b = bare_open(argv[1], argv[2], argv[3], strlen(argv[3]));
  if (!b) return 1;
  for (int i = 4; i < argc; i++)
    if (!bare_add_header(b, argv[i])) return 1;
  if (bare_run(b, 1) != 1 || write(STDOUT_FILENO, ".", 1) != 1) return 1;
  bare_close(b);
  return 0;
}
