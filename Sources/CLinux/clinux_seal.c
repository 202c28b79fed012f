#define _GNU_SOURCE
#include "clinux_seal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

int32_t cl_drop_bounding(uint64_t keep) {
  for (unsigned long capability = 0; capability < 64; capability++) {
    if (keep >> capability & 1) continue;
    // EINVAL: the kernel knows no capability of this number, nor a higher one.
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return errno == EINVAL && capability > 0 ? 0 : -errno;
  }
  return 0;
}

int32_t cl_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0; }

// Descriptors that are open, memory, time, the end. Nothing here names a process or an address, or opens a file; fstat of a newer glibc is
// newfstatat.
static const uint32_t stream_calls[] = {
    SYS_read,       SYS_readv,         SYS_pread64,     SYS_write,          SYS_writev,       SYS_lseek,         SYS_close,
    SYS_fstat,      SYS_newfstatat,    SYS_mmap,        SYS_munmap,         SYS_mremap,       SYS_mprotect,      SYS_madvise,
    SYS_brk,        SYS_futex,         SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,   SYS_sched_yield,
    SYS_getrandom,  SYS_clock_gettime, SYS_gettid,      SYS_getpid,         SYS_exit,         SYS_exit_group,    SYS_restart_syscall,
};
// What filling a directory needs: names are resolved below the process's root, which is that directory.
static const uint32_t file_calls[] = {
    SYS_openat,   SYS_openat2,    SYS_mkdirat,   SYS_symlinkat, SYS_linkat,   SYS_mknodat, SYS_unlinkat,
    SYS_fchownat, SYS_fchmodat,   SYS_utimensat,  SYS_lsetxattr, SYS_fchdir,    SYS_getdents64, SYS_ftruncate, SYS_fstatfs,
};

// All of fcntl that is left: F_SETOWN, F_SETSIG and O_ASYNC (F_SETFL) would have the kernel signal any process, F_NOTIFY and leases this one.
static const uint32_t fcntl_commands[] = {F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC};

int32_t cl_seal_calls(int32_t files) {
  struct sock_filter program[96];
  uint32_t count = 0;
  const uint32_t streams = sizeof stream_calls / sizeof *stream_calls;
  const uint32_t total = streams + (files ? sizeof file_calls / sizeof *file_calls : 0);
#define ADD(code, k, jt, jf) program[count++] = (struct sock_filter)BPF_JUMP(code, k, jt, jf)
  ADD(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
  ADD(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0);
  ADD(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
  ADD(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
  const uint32_t commands = sizeof fcntl_commands / sizeof *fcntl_commands;
  ADD(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, (uint8_t)(commands + 3));
  // The kernel takes 32 bits of the command; both architectures are little-endian.
  ADD(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]), 0, 0);
  for (uint32_t i = 0; i < commands; i++) ADD(BPF_JMP | BPF_JEQ | BPF_K, fcntl_commands[i], (uint8_t)(commands - i), 0);
  ADD(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
  ADD(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  // The numbers of x32 have bit 30 and are in no list.
  for (uint32_t i = 0; i < total; i++) {
    uint32_t number = i < streams ? stream_calls[i] : file_calls[i - streams];
    ADD(BPF_JMP | BPF_JEQ | BPF_K, number, (uint8_t)(total - i), 0);
  }
  ADD(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
  ADD(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
#undef ADD
  struct sock_fprog filter = {(unsigned short)count, program};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0 ? -errno : 0;
}

// The numbers of the unified table; headers of older distributions lack them and what later versions added.
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, PATH_BENEATH = 1 };
enum { EXECUTE = 1 << 0, MAKE_SOCKET = 1 << 9, REFER = 1 << 13, TRUNCATE = 1 << 14, DEVICE_IOCTL = 1 << 15 };

int32_t cl_landlock_version(void) {
  long version = syscall(CREATE_RULESET, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
  return version < 0 ? -errno : (int32_t)version;
}

int32_t cl_landlock_restrict(int32_t directory, int32_t version) {
  uint64_t handled = 0x1fff;  // version 1
  if (version >= 2) handled |= REFER;
  if (version >= 3) handled |= TRUNCATE;
  if (version >= 5) handled |= DEVICE_IOCTL;
  // struct landlock_ruleset_attr; what a kernel does not know must be zero.
  struct { uint64_t files, network, scoped; } attributes = {handled, version >= 4 ? 3 : 0, version >= 6 ? 3 : 0};
  long ruleset = syscall(CREATE_RULESET, &attributes, sizeof attributes, 0);
  if (ruleset < 0) return -errno;
  long failed = 0;
  if (directory >= 0) {
    struct __attribute__((packed)) { uint64_t allowed; int32_t parent; } rule = {
        handled & ~(uint64_t)(EXECUTE | MAKE_SOCKET | DEVICE_IOCTL), directory};
    failed = syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0);
  }
  if (!failed) failed = syscall(RESTRICT_SELF, ruleset, 0);
  int code = errno;
  close((int)ruleset);
  return failed ? -code : 0;
}

int32_t cl_lsetxattr_here(const char *name, const char *attribute, const void *value, size_t length) {
  return lsetxattr(name, attribute, value, length, 0) < 0 ? -errno : 0;
}
