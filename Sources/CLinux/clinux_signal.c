#define _GNU_SOURCE
#include "clinux_signal.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

static int target = -1;

static void tell(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  (void)!write(target, &byte, 1);
  errno = saved;
}

int32_t cl_signal_to(int32_t descriptor, int32_t number) {
  target = descriptor;
  struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  return sigaction(number, &action, 0) < 0 ? -errno : 0;
}

int32_t cl_signals_unblock(void) {
  sigset_t none;
  sigemptyset(&none);
  return -pthread_sigmask(SIG_SETMASK, &none, 0);
}
