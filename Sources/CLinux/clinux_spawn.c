#define _GNU_SOURCE
#include "clinux_spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// clone3 must be inline: with CLONE_VM the child runs on the caller's stack, and returning from a libc wrapper would let it overwrite
// the return address that the suspended parent needs.
__attribute__((always_inline)) static inline long clone3_inline(struct clone_args *args, unsigned long size) {
#if defined(__x86_64__)
  long result;
  register long number __asm__("rax") = SYS_clone3;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(args), "S"(size) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone3;
  register long first __asm__("x0") = (long)args;
  register long second __asm__("x1") = (long)size;
  __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
  return first;
#else
#error "unsupported architecture"
#endif
}

static struct rlimit first_limit;
static int has_first_limit;

int64_t cl_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  if (!has_first_limit) first_limit = limit;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  has_first_limit = 1;
  return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

__attribute__((noinline)) int32_t cl_spawn(int32_t executable_fd, char *const argv[], char *const envp[], int32_t cgroup_fd,
                                           int32_t null_fd, int32_t socket_fd, int32_t *pidfd) {
  int fd = -1;
  volatile int failure = 0;
  struct clone_args args = {.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                            .pidfd = (uint64_t)(uintptr_t)&fd,
                            .exit_signal = SIGCHLD};
  if (cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup_fd;
  }
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  long pid = clone3_inline(&args, sizeof args);
  if (pid == 0) {
    // Descriptors first moved above the range they are copied to, then everything from 4 on is marked close-on-exec.
    int exe = fcntl(executable_fd, F_DUPFD_CLOEXEC, 10);
    int sock = fcntl(socket_fd, F_DUPFD_CLOEXEC, 10);
    int null = fcntl(null_fd, F_DUPFD_CLOEXEC, 10);
    if (exe < 0 || sock < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || dup2(sock, 3) < 0 ||
        syscall(SYS_close_range, 4, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) < 0) {
      failure = errno;
      _exit(127);
    }
    // The limits of a vfork child are its own.
    if (has_first_limit) syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &first_limit, NULL);
    sigset_t none;
    sigemptyset(&none);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    syscall(SYS_execveat, exe, "", argv, envp, AT_EMPTY_PATH);
    failure = errno;
    _exit(127);
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (pid < 0) return (int32_t)pid;
  if (failure) {
    siginfo_t info;
    syscall(SYS_waitid, 3 /* P_PIDFD */, fd, &info, WEXITED, NULL);
    close(fd);
    return -failure;
  }
  *pidfd = fd;
  return (int32_t)pid;
}
