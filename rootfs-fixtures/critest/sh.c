// /bin/sh of critest's images. Debian's busybox looks for applets in itself before PATH, so that a masked /bin/ls would run all the same;
// its shell is asked only for what is more than one word. Prints what busybox's shell prints when it looks in PATH.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "-c") && argv[2][0] && argv[2][strspn(argv[2], "abcdefghijklmnopqrstuvwxyz0123456789_-")] == 0) {
    char *command[] = {argv[2], NULL};
    execvp(argv[2], command);
    if (errno == EACCES) {
      fprintf(stderr, "%s: %s: Permission denied\n", argv[0], argv[2]);
      return 126;
    }
  }
  argv[0] = "sh";
  execv("/bin/busybox", argv);
  return 127;
}
