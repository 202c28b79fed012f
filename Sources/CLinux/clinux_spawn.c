#define _GNU_SOURCE
#include "clinux_spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// clone3(2) with CLONE_VM, whose child begins in `body(argument)` on the stack that `args` names and never comes back from there. In
// assembler because nothing compiled may run between the two: the child has no frame to return to, and what the compiler keeps in the
// caller's frame stays the suspended parent's.
static long clone_on_stack(struct clone_args *args, void (*body)(void *), void *argument) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile(
      "syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tmov %[argument], %%rdi\n\tcall *%[body]\n\tud2\n1:"
      : "=a"(result)
      : "a"((long)SYS_clone3), "D"(args), "S"(sizeof *args), [body] "r"(body), [argument] "r"(argument)
      : "rcx", "r11", "memory", "cc");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone3;
  register long first __asm__("x0") = (long)args;
  register long second __asm__("x1") = sizeof *args;
  __asm__ volatile(
      "svc 0\n\tcbnz x0, 1f\n\tmov x29, xzr\n\tmov x0, %[argument]\n\tblr %[body]\n\tbrk 0\n1:"
      : "+r"(first)
      : "r"(number), "r"(second), [body] "r"(body), [argument] "r"(argument)
      : "memory", "cc");
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

int64_t cl_descriptor_limit(int32_t pid) {
  struct rlimit limit;
  if (syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, NULL, &limit) < 0) return -errno;
  return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

struct program {
  int32_t executable, socket, streams[3];
  const char *path;  // NULL: the program is `executable`
  int session;
  char *const *argv, *const *envp;
  int failure;
};

// The child: shares the parent's memory, which is suspended until execve. Only system calls.
static void become(void *argument) {
  struct program *program = argument;
  // Descriptors first moved above the range they are copied to, then everything from 4 on is marked close-on-exec.
  int exe = program->path ? 10 : fcntl(program->executable, F_DUPFD_CLOEXEC, 10);
  int sock = program->socket < 0 ? 10 : fcntl(program->socket, F_DUPFD_CLOEXEC, 10);
  int failed = exe < 0 || sock < 0;
  int streams[3];
  for (int i = 0; i < 3 && !failed; i++) failed = (streams[i] = fcntl(program->streams[i], F_DUPFD_CLOEXEC, 10)) < 0;
  for (int i = 0; i < 3 && !failed; i++) failed = dup2(streams[i], i) < 0;
  if (!failed && program->socket >= 0) failed = dup2(sock, 3) < 0;
  if (failed || syscall(SYS_close_range, program->socket < 0 ? 3 : 4, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) < 0) {
    program->failure = errno;
    _exit(127);
  }
  if (program->session) setsid();
  // The limits of a vfork child are its own.
  if (has_first_limit) syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &first_limit, NULL);
  sigset_t none;
  sigemptyset(&none);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
  if (program->path)
    syscall(SYS_execve, program->path, program->argv, program->envp);
  else
    syscall(SYS_execveat, exe, "", program->argv, program->envp, AT_EMPTY_PATH);
  program->failure = errno;
  _exit(127);
}

static int32_t spawn(struct program *program, int32_t cgroup_fd, int32_t *pidfd) {
  enum { stack_size = 64 << 10 };
  void *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  int fd = -1;
  struct clone_args args = {.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                            .pidfd = (uint64_t)(uintptr_t)&fd,
                            .exit_signal = SIGCHLD,
                            .stack = (uint64_t)(uintptr_t)stack,
                            .stack_size = stack_size};
  if (cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup_fd;
  }
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  long pid = clone_on_stack(&args, become, program);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  munmap(stack, stack_size);
  if (pid < 0) return (int32_t)pid;
  if (program->failure) {
    siginfo_t info;
    syscall(SYS_waitid, 3 /* P_PIDFD */, fd, &info, WEXITED, NULL);
    close(fd);
    return -program->failure;
  }
  *pidfd = fd;
  return (int32_t)pid;
}

int32_t cl_spawn(int32_t executable_fd, char *const argv[], char *const envp[], int32_t cgroup_fd, int32_t null_fd, int32_t socket_fd,
                 int32_t *pidfd) {
  struct program program = {
      .executable = executable_fd, .socket = socket_fd, .streams = {null_fd, null_fd, null_fd}, .argv = argv, .envp = envp};
  return spawn(&program, cgroup_fd, pidfd);
}

int32_t cl_run(const char *path, char *const argv[], char *const envp[], const int32_t streams[3], int32_t *pidfd) {
  struct program program = {.path = path,
                            .socket = -1,
                            .session = 1,
                            .streams = {streams[0], streams[1], streams[2]},
                            .argv = argv,
                            .envp = envp};
  return spawn(&program, -1, pidfd);
}

// The child of cl_user_namespace: all signals are blocked, so it never comes back and writes no errno.
static void wait_for_kill(void *argument) {
  (void)argument;
  // An agent that is killed meanwhile leaves no process that holds its locks: neither call fails, so neither writes the shared errno.
  syscall(SYS_prctl, 1 /* PR_SET_PDEATHSIG */, SIGKILL, 0, 0, 0);
  syscall(SYS_close_range, 0, ~0U, 0);
  for (;;) syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

static int write_map(long pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int failure = write(fd, text, strlen(text)) < 0 ? -errno : 0;
  close(fd);
  return failure;
}

int32_t cl_user_namespace(const char *uid_map, const char *gid_map) {
  enum { stack_size = 16 << 10 };
  void *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  int fd = -1;
  struct clone_args args = {.flags = CLONE_VM | CLONE_NEWUSER | CLONE_PIDFD,
                            .pidfd = (uint64_t)(uintptr_t)&fd,
                            .exit_signal = SIGCHLD,
                            .stack = (uint64_t)(uintptr_t)stack,
                            .stack_size = stack_size};
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  long pid = clone_on_stack(&args, wait_for_kill, NULL);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (pid < 0) {
    munmap(stack, stack_size);
    return (int32_t)pid;
  }
  int result = write_map(pid, "uid_map", uid_map);
  if (result == 0) result = write_map(pid, "gid_map", gid_map);
  if (result == 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/ns/user", pid);
    result = open(path, O_RDONLY | O_CLOEXEC);
    if (result < 0) result = -errno;
  }
  // Its stack is the caller's memory: not before it is gone.
  siginfo_t info;
  syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
  while (syscall(SYS_waitid, 3 /* P_PIDFD */, fd, &info, WEXITED, NULL) < 0 && errno == EINTR) {
  }
  close(fd);
  munmap(stack, stack_size);
  return result;
}
