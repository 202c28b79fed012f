// Holds a pod's namespaces: sleeps, reaps orphans, ends at SIGINT and SIGTERM.
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int number) {
  (void)number;
  _exit(0);
}

static void reap(int number) {
  (void)number;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

int main(void) {
  sigaction(SIGINT, &(struct sigaction){.sa_handler = leave}, NULL);
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = leave}, NULL);
  sigaction(SIGCHLD, &(struct sigaction){.sa_handler = reap, .sa_flags = SA_NOCLDSTOP}, NULL);
  for (;;) pause();
}
