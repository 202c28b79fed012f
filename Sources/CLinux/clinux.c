#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int32_t result(long r) { return r < 0 ? -errno : (int32_t)r; }

int32_t cl_clone3(uint64_t flags, int32_t *pidfd, int32_t cgroup_fd) {
  int fd = -1;
  struct clone_args args = {
      .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&fd, .exit_signal = SIGCHLD};
  if (cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup_fd;
  }
  long pid = syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) return -errno;
  if (pid > 0) *pidfd = fd;
  return (int32_t)pid;
}
int32_t cl_setns(int32_t fd, uint32_t flags) { return result(syscall(SYS_setns, fd, flags)); }
int32_t cl_unshare(uint32_t flags) { return result(syscall(SYS_unshare, flags)); }
int32_t cl_pidfd_open(int32_t pid, uint32_t flags) { return result(syscall(SYS_pidfd_open, pid, flags)); }
int32_t cl_pidfd_send_signal(int32_t pidfd, int32_t signal) { return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0)); }
int32_t cl_openat2(int32_t dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct { uint64_t flags, mode, resolve; } how = {flags, mode, resolve};
  return result(syscall(SYS_openat2, dirfd, path, &how, sizeof how));
}
int32_t cl_open_tree(int32_t dirfd, const char *path, uint32_t flags) { return result(syscall(SYS_open_tree, dirfd, path, flags)); }
int32_t cl_move_mount(int32_t from_fd, const char *from, int32_t to_fd, const char *to, uint32_t flags) {
  return result(syscall(SYS_move_mount, from_fd, from, to_fd, to, flags));
}
int32_t cl_fsopen(const char *type, uint32_t flags) { return result(syscall(SYS_fsopen, type, flags)); }
int32_t cl_fsconfig(int32_t fd, uint32_t command, const char *key, const char *value, int32_t aux) {
  return result(syscall(SYS_fsconfig, fd, command, key, value, aux));
}
int32_t cl_fsmount(int32_t fd, uint32_t flags, uint32_t attributes) { return result(syscall(SYS_fsmount, fd, flags, attributes)); }
int32_t cl_mount_setattr(int32_t dirfd, const char *path, uint32_t flags, uint64_t set, uint64_t clear, uint64_t propagation, int32_t userns_fd) {
  struct { uint64_t set, clear, propagation, userns_fd; } attr = {set, clear, propagation, userns_fd < 0 ? 0 : (uint64_t)userns_fd};
  return result(syscall(SYS_mount_setattr, dirfd, path, flags, &attr, sizeof attr));
}
int32_t cl_pivot_root(const char *new_root, const char *put_old) { return result(syscall(SYS_pivot_root, new_root, put_old)); }
int32_t cl_close_range(uint32_t first, uint32_t last, uint32_t flags) { return result(syscall(SYS_close_range, first, last, flags)); }
int32_t cl_memfd_create(const char *name, uint32_t flags) { return result(syscall(SYS_memfd_create, name, flags)); }
int32_t cl_file_flags(int32_t fd) {
  int flags = 0;
  int32_t r = result(syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags));
  return r < 0 ? r : flags;
}
int32_t cl_set_file_flags(int32_t fd, int32_t flags) {
  int value = flags;
  return result(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &value));
}
int32_t cl_renameat2(int32_t from_dir, const char *from, int32_t to_dir, const char *to, uint32_t flags) {
  return result(syscall(SYS_renameat2, from_dir, from, to_dir, to, flags));
}
