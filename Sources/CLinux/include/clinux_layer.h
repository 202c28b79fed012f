// What image layers need beyond POSIX as Swift sees it.
#ifndef CLINUX_LAYER_H
#define CLINUX_LAYER_H
#include <stddef.h>
#include <stdint.h>

// fsetxattr(2): 0 or -errno.
int32_t cl_fsetxattr(int32_t fd, const char *attribute, const void *value, size_t length);
// lgetxattr(2) of `name` in the directory `dirfd` (through /proc/self/fd): length or -errno. An empty name: the directory itself.
int64_t cl_lgetxattrat(int32_t dirfd, const char *name, const char *attribute, void *value, size_t length);
// syncfs(2): 0 or -errno.
int32_t cl_syncfs(int32_t fd);
// utimensat(2) with AT_SYMLINK_NOFOLLOW for both times: 0 or -errno.
int32_t cl_set_times(int32_t dirfd, const char *name, int64_t seconds, int64_t nanoseconds);
// fstatfs(2): bytes a process without privilege may still write, and the size of the file system; 0 or -errno.
int32_t cl_free_space(int32_t fd, uint64_t *available, uint64_t *total);
// send(2) with MSG_NOSIGNAL and MSG_DONTWAIT: bytes sent (fewer than given when the buffer is full), or -errno.
int64_t cl_send(int32_t fd, const void *bytes, size_t length);
// shutdown(2) SHUT_WR: 0 or -errno.
int32_t cl_shutdown_write(int32_t fd);
#endif
