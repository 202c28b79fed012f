#define _GNU_SOURCE
#include "clinux_layer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static int path_of(char *out, size_t size, int32_t dirfd, const char *name) {
  int written = snprintf(out, size, name[0] ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d/.%s", dirfd, name);
  return written < 0 || (size_t)written >= size ? -ENAMETOOLONG : 0;
}

int32_t cl_fsetxattr(int32_t fd, const char *attribute, const void *value, size_t length) {
  return fsetxattr(fd, attribute, value, length, 0) < 0 ? -errno : 0;
}
int64_t cl_lgetxattrat(int32_t dirfd, const char *name, const char *attribute, void *value, size_t length) {
  char path[512];
  int failed = path_of(path, sizeof path, dirfd, name);
  if (failed) return failed;
  ssize_t got = lgetxattr(path, attribute, value, length);
  return got < 0 ? -errno : got;
}
int32_t cl_syncfs(int32_t fd) { return syncfs(fd) < 0 ? -errno : 0; }
int32_t cl_set_times(int32_t dirfd, const char *name, int64_t seconds, int64_t nanoseconds) {
  struct timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
  return utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}
int32_t cl_free_space(int32_t fd, uint64_t *available, uint64_t *total) {
  struct statfs s;
  if (syscall(SYS_fstatfs, fd, &s) < 0) return -errno;
  *available = (uint64_t)s.f_bavail * (uint64_t)s.f_bsize;
  *total = (uint64_t)s.f_blocks * (uint64_t)s.f_bsize;
  return 0;
}
int64_t cl_send(int32_t fd, const void *bytes, size_t length) {
  ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? -errno : sent;
}
int32_t cl_shutdown_write(int32_t fd) { return shutdown(fd, SHUT_WR) < 0 ? -errno : 0; }
