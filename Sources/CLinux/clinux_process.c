#define _GNU_SOURCE
#include "clinux_process.h"
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline int32_t result(long r) { return r < 0 ? -errno : (int32_t)r; }

static int32_t wait_for(int type, int32_t id, int options, struct cl_exit *out) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  if (syscall(SYS_waitid, type, id, &info, WEXITED | WNOHANG | options, NULL) < 0) return -errno;
  *out = (struct cl_exit){info.si_pid, info.si_status, info.si_code != CLD_EXITED};
  return info.si_pid;
}
int32_t cl_wait_pidfd(int32_t pidfd, struct cl_exit *out) { return wait_for(3 /* P_PIDFD */, pidfd, 0, out); }
int32_t cl_wait_pid(int32_t pid, struct cl_exit *out) { return wait_for(P_PID, pid, 0, out); }
int32_t cl_peek_exited_child(void) {
  struct cl_exit ignored;
  return wait_for(P_ALL, 0, WNOWAIT, &ignored);
}
int32_t cl_execve(const char *path, char *const argv[], char *const envp[]) { return result(syscall(SYS_execve, path, argv, envp)); }
int32_t cl_is_child(int32_t pid) {
  struct cl_exit ignored;
  return wait_for(P_PID, pid, WNOWAIT, &ignored) >= 0;
}
// Every architecture takes flags and stack first; exit_signal is the caller's own with CLONE_PARENT.
int32_t cl_clone_sibling(void) { return result(syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0)); }
void cl_exit_now(int32_t code) {
  syscall(SYS_exit_group, code);
  syscall(SYS_exit, code);
  __builtin_trap();
}
int32_t cl_getpid(void) { return (int32_t)syscall(SYS_getpid); }
int32_t cl_kill(int32_t pid, int32_t signal) { return result(syscall(SYS_kill, pid, signal)); }
int32_t cl_setsid(void) { return result(syscall(SYS_setsid)); }
int32_t cl_setgroups(const uint32_t *groups, size_t count) { return result(syscall(SYS_setgroups, count, groups)); }
int32_t cl_setresgid(uint32_t gid) { return result(syscall(SYS_setresgid, gid, gid, gid)); }
int32_t cl_setresuid(uint32_t uid) { return result(syscall(SYS_setresuid, uid, uid, uid)); }
int32_t cl_prctl(int32_t option, uint64_t a, uint64_t b) { return result(syscall(SYS_prctl, option, a, b, 0UL, 0UL)); }
int32_t cl_set_name(const char *name) { return result(syscall(SYS_prctl, PR_SET_NAME, name, 0UL, 0UL, 0UL)); }
int32_t cl_join_session_keyring(void) { return result(syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL)); }

static char *arguments;
static size_t arguments_length;
void cl_note_arguments(int32_t count, char **argv) {
  arguments = argv[0];
  arguments_length = 0;
  for (int32_t i = 0; i < count && argv[i] == arguments + arguments_length; i++) arguments_length += strlen(argv[i]) + 1;
}
void cl_set_arguments(const char *title) {
  size_t i = 0;
  for (; title[i] && i + 1 < arguments_length; i++) arguments[i] = title[i];
  for (; i < arguments_length; i++) arguments[i] = 0;
}
int32_t cl_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
                                           {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)}};
  return result(syscall(SYS_capset, &header, data));
}
int32_t cl_seccomp_filter(uint32_t flags, const void *program, uint16_t instructions) {
  struct sock_fprog filter = {instructions, (struct sock_filter *)program};
  return result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter));
}
int32_t cl_setrlimit(uint32_t resource, uint64_t soft, uint64_t hard) { return cl_prlimit(0, resource, soft, hard); }
int32_t cl_prlimit(int32_t pid, uint32_t resource, uint64_t soft, uint64_t hard) {
  struct { uint64_t soft, hard; } limit = {soft, hard};
  return result(syscall(SYS_prlimit64, pid, resource, &limit, NULL));
}
int32_t cl_sethostname(const char *name, size_t length) { return result(syscall(SYS_sethostname, name, length)); }
int32_t cl_setdomainname(const char *name, size_t length) { return result(syscall(SYS_setdomainname, name, length)); }

int32_t cl_block_signals(uint64_t mask) { return result(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8)); }
// The kernel's struct sigaction (without a handler no restorer is needed), larger than any architecture's.
static int32_t set_action(int32_t signal, uint64_t handler) {
  uint64_t action[8] = {handler, 0, 0, 0, 0, 0, 0, 0};
  return result(syscall(SYS_rt_sigaction, signal, action, NULL, 8));
}
int32_t cl_default_signal(int32_t signal) { return set_action(signal, 0); }
int32_t cl_ignore_signal(int32_t signal) { return set_action(signal, 1); }
int32_t cl_wait_signal(uint64_t mask) { return result(syscall(SYS_rt_sigtimedwait, &mask, NULL, NULL, 8)); }

static int64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
int64_t cl_realtime(void) { return now(CLOCK_REALTIME); }
int64_t cl_monotonic(void) { return now(CLOCK_MONOTONIC); }
