// What unpacking image layers needs beyond POSIX as Swift sees it.
#ifndef CLINUX_LAYER_H
#define CLINUX_LAYER_H
#include <stddef.h>
#include <stdint.h>

// lsetxattr(2) of `name` in the directory `dirfd` (through /proc/self/fd): 0 or -errno. An empty name: the directory itself.
int32_t cl_lsetxattrat(int32_t dirfd, const char *name, const char *attribute, const void *value, size_t length);
// lgetxattr(2) likewise: length or -errno.
int64_t cl_lgetxattrat(int32_t dirfd, const char *name, const char *attribute, void *value, size_t length);
// syncfs(2): 0 or -errno.
int32_t cl_syncfs(int32_t fd);
// linkat(2) of the file behind `fd` (AT_EMPTY_PATH): 0 or -errno.
int32_t cl_link_descriptor(int32_t fd, int32_t dirfd, const char *name);
// utimensat(2) with AT_SYMLINK_NOFOLLOW for both times: 0 or -errno.
int32_t cl_set_times(int32_t dirfd, const char *name, int64_t seconds, int64_t nanoseconds);
#endif
