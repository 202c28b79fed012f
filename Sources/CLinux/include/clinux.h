// System calls that Swift cannot make by itself: variadic, missing from libc, or unsafe to write in Swift.
// Every function makes one system call and returns its result, or -errno; none allocates, all are async-signal-safe and so safe
// between clone3 and execve. No _GNU_SOURCE here: ordinary Swift targets import this header beside Glibc.
#ifndef CLINUX_H
#define CLINUX_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// clone3(2), fork-like (no CLONE_VM): returns 0 in the child, the pid in the parent. `pidfd` receives a close-on-exec pidfd (flag is
// added). `cgroup_fd` < 0: no CLONE_INTO_CGROUP.
int32_t cl_clone3(uint64_t flags, int32_t *pidfd, int32_t cgroup_fd);
int32_t cl_setns(int32_t fd, uint32_t flags);
int32_t cl_unshare(uint32_t flags);
int32_t cl_pidfd_open(int32_t pid, uint32_t flags);
int32_t cl_pidfd_send_signal(int32_t pidfd, int32_t signal);
// openat2(2) with struct open_how.
int32_t cl_openat2(int32_t dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int32_t cl_open_tree(int32_t dirfd, const char *path, uint32_t flags);
int32_t cl_move_mount(int32_t from_fd, const char *from, int32_t to_fd, const char *to, uint32_t flags);
int32_t cl_fsopen(const char *type, uint32_t flags);
int32_t cl_fsconfig(int32_t fd, uint32_t command, const char *key, const char *value, int32_t aux);
int32_t cl_fsmount(int32_t fd, uint32_t flags, uint32_t attributes);
// mount_setattr(2).
int32_t cl_mount_setattr(int32_t dirfd, const char *path, uint32_t flags, uint64_t set, uint64_t clear, uint64_t propagation, int32_t userns_fd);
int32_t cl_pivot_root(const char *new_root, const char *put_old);
int32_t cl_close_range(uint32_t first, uint32_t last, uint32_t flags);
int32_t cl_memfd_create(const char *name, uint32_t flags);
// chattr(1)'s flags (FS_*_FL), ioctl_iflags(2).
int32_t cl_file_flags(int32_t fd);
int32_t cl_set_file_flags(int32_t fd, int32_t flags);
int32_t cl_renameat2(int32_t from_dir, const char *from, int32_t to_dir, const char *to, uint32_t flags);
#endif
