// Processes: identity, limits, waiting, exec. Raw system calls for the calling thread only (libc would try to change every thread), so
// for single-threaded programs; each returns its result or -errno and is safe after fork.
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H
#include <stddef.h>
#include <stdint.h>

// How a child ended: `code` is its exit status, or the signal when `signaled`.
struct cl_exit {
  int32_t pid, code, signaled;
};

int32_t cl_wait_pidfd(int32_t pidfd, struct cl_exit *out);  // waitid(P_PIDFD, WEXITED|WNOHANG): pid, or 0 while it runs
int32_t cl_wait_pid(int32_t pid, struct cl_exit *out);      // waitid(P_PID, WEXITED|WNOHANG): the same
int32_t cl_peek_exited_child(void);                         // waitid(P_ALL, WEXITED|WNOHANG|WNOWAIT): pid, 0 none; not reaped
int32_t cl_execve(const char *path, char *const argv[], char *const envp[]);  // execve(2): returns only -errno
int32_t cl_is_child(int32_t pid);                           // waitid(P_PID, WNOWAIT): whether `pid` is a child not yet waited for
// clone(CLONE_PARENT): 0 in a new child of the caller's parent, its pid in the caller. Not clone3: filters let this one through.
int32_t cl_clone_sibling(void);
// exit_group(2). Where a filter refuses it exit(2), and where it refuses that an illegal instruction: it never returns.
void cl_exit_now(int32_t code) __attribute__((noreturn));
// Reaps children until SIGTERM or SIGINT, which are in `mask` and blocked, with every descriptor closed. What the caller wrote to memory
// without a file, heap and unused stack, is given back first: so nothing of the caller's may run any more, not the end of a reference.
// `maps`: its own /proc/PID/maps, at the beginning; negative: all memory stays.
void cl_pause(int32_t maps, uint64_t mask) __attribute__((noreturn));
int32_t cl_getpid(void);                                    // getpid(2)
int32_t cl_kill(int32_t pid, int32_t signal);               // kill(2)
int32_t cl_setsid(void);                                    // setsid(2)
int32_t cl_setgroups(const uint32_t *groups, size_t count); // setgroups(2)
int32_t cl_setresgid(uint32_t gid);                         // setresgid(2), all three
int32_t cl_setresuid(uint32_t uid);                         // setresuid(2), all three
int32_t cl_prctl(int32_t option, uint64_t a, uint64_t b);   // prctl(2)
int32_t cl_set_name(const char *name);                      // prctl(PR_SET_NAME)
int32_t cl_join_session_keyring(void);                      // keyctl(KEYCTL_JOIN_SESSION_KEYRING): a new anonymous one
// What /proc/PID/cmdline shows: `cl_note_arguments` takes main's arguments, `cl_set_arguments` writes over them, cut to their length.
void cl_note_arguments(int32_t count, char **argv);
void cl_set_arguments(const char *title);
int32_t cl_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);  // capset(2) version 3
int32_t cl_seccomp_filter(uint32_t flags, const void *program, uint16_t instructions);  // seccomp(2) SET_MODE_FILTER
int32_t cl_setrlimit(uint32_t resource, uint64_t soft, uint64_t hard);  // prlimit64(2)
int32_t cl_prlimit(int32_t pid, uint32_t resource, uint64_t soft, uint64_t hard);  // prlimit64(2) of another process
int32_t cl_sethostname(const char *name, size_t length);    // sethostname(2)
int32_t cl_setdomainname(const char *name, size_t length);  // setdomainname(2)
// Signals
int32_t cl_block_signals(uint64_t mask);                    // rt_sigprocmask(SIG_SETMASK), bit n-1 is signal n
int32_t cl_default_signal(int32_t signal);                  // rt_sigaction(SIG_DFL)
int32_t cl_ignore_signal(int32_t signal);                   // rt_sigaction(SIG_IGN)
int32_t cl_wait_signal(uint64_t mask);                      // rt_sigtimedwait(2) without time: the signal
// Time
int64_t cl_realtime(void);                                  // clock_gettime(CLOCK_REALTIME), nanoseconds
int64_t cl_monotonic(void);                                 // clock_gettime(CLOCK_MONOTONIC), nanoseconds
#endif
