#define _GNU_SOURCE
#include "clinux_file.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// The kernel's encoding of dev_t (new_encode_dev); glibc's macros call functions that musl lacks.
static uint32_t device_major(uint64_t device) { return (uint32_t)((device >> 8) & 0xfff); }
static uint32_t device_minor(uint64_t device) { return (uint32_t)((device & 0xff) | ((device >> 12) & 0xfff00)); }
static uint32_t make_device(uint32_t major, uint32_t minor) { return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12); }

static inline int32_t result(long r) { return r < 0 ? -errno : (int32_t)r; }
static inline int64_t result64(long r) { return r < 0 ? -(int64_t)errno : (int64_t)r; }

int32_t cl_openat(int32_t dirfd, const char *path, int32_t flags, uint32_t mode) {
  return result(syscall(SYS_openat, dirfd, path, flags | O_CLOEXEC, mode));
}
int32_t cl_close(int32_t fd) { return result(syscall(SYS_close, fd)); }
int64_t cl_read(int32_t fd, void *bytes, size_t length) { return result64(syscall(SYS_read, fd, bytes, length)); }
int64_t cl_pread(int32_t fd, void *bytes, size_t length, int64_t offset) {
  return result64(syscall(SYS_pread64, fd, bytes, length, offset));
}
int64_t cl_write(int32_t fd, const void *bytes, size_t length) { return result64(syscall(SYS_write, fd, bytes, length)); }
int32_t cl_fstat(int32_t fd, struct cl_stat *out) {
  struct stat s;
  if (syscall(SYS_fstat, fd, &s) < 0) return -errno;
  *out = (struct cl_stat){s.st_mode, s.st_uid, s.st_gid, (uint32_t)s.st_nlink, device_major(s.st_rdev), device_minor(s.st_rdev),
                          s.st_ino, s.st_dev, (uint64_t)s.st_size};
  return 0;
}
int64_t cl_fstatfs_type(int32_t fd) {
  struct statfs s;
  if (syscall(SYS_fstatfs, fd, &s) < 0) return -errno;
  return (int64_t)(uint32_t)s.f_type;
}
int64_t cl_file_end(int32_t fd) { return result64(syscall(SYS_lseek, fd, 0, SEEK_END)); }
int32_t cl_ftruncate(int32_t fd, int64_t length) { return result(syscall(SYS_ftruncate, fd, length)); }
int32_t cl_fsync(int32_t fd) { return result(syscall(SYS_fsync, fd)); }
int32_t cl_mkdirat(int32_t dirfd, const char *path, uint32_t mode) { return result(syscall(SYS_mkdirat, dirfd, path, mode)); }
int32_t cl_mknodat(int32_t dirfd, const char *path, uint32_t mode, uint32_t major, uint32_t minor) {
  return result(syscall(SYS_mknodat, dirfd, path, mode, make_device(major, minor)));
}
int32_t cl_symlinkat(const char *target, int32_t dirfd, const char *path) {
  return result(syscall(SYS_symlinkat, target, dirfd, path));
}
int32_t cl_unlinkat(int32_t dirfd, const char *path, int32_t flags) { return result(syscall(SYS_unlinkat, dirfd, path, flags)); }
int32_t cl_renameat(int32_t from_dir, const char *from, int32_t to_dir, const char *to) {
  return result(syscall(SYS_renameat2, from_dir, from, to_dir, to, 0));
}
int32_t cl_lchownat(int32_t dirfd, const char *path, uint32_t uid, uint32_t gid) {
  return result(syscall(SYS_fchownat, dirfd, path, uid, gid, AT_SYMLINK_NOFOLLOW));
}
int32_t cl_fchown(int32_t fd, uint32_t uid, uint32_t gid) { return result(syscall(SYS_fchown, fd, uid, gid)); }
int32_t cl_fchmodat(int32_t dirfd, const char *path, uint32_t mode) { return result(syscall(SYS_fchmodat, dirfd, path, mode)); }
int64_t cl_readlinkat(int32_t dirfd, const char *path, char *out, size_t length) {
  return result64(syscall(SYS_readlinkat, dirfd, path, out, length));
}
int64_t cl_getcwd(char *out, size_t length) { return result64(syscall(SYS_getcwd, out, length)); }
int32_t cl_chdir(const char *path) { return result(syscall(SYS_chdir, path)); }
int32_t cl_fchdir(int32_t fd) { return result(syscall(SYS_fchdir, fd)); }
int32_t cl_umask(uint32_t mask) { return result(syscall(SYS_umask, mask)); }
int32_t cl_mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data) {
  return result(syscall(SYS_mount, source, target, type, flags, data));
}
int32_t cl_umount(const char *target, int32_t flags) { return result(syscall(SYS_umount2, target, flags)); }
int32_t cl_pipe2(int32_t pair[2]) { return result(syscall(SYS_pipe2, pair, O_CLOEXEC)); }
int32_t cl_dup_to(int32_t fd, int32_t number) {
  return fd == number ? result(syscall(SYS_fcntl, fd, F_SETFD, 0)) : result(syscall(SYS_dup3, fd, number, 0));
}
int32_t cl_set_nonblocking(int32_t fd) {
  long flags = syscall(SYS_fcntl, fd, F_GETFL, 0);
  return flags < 0 ? -errno : result(syscall(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK));
}
int32_t cl_set_close_on_exec(int32_t fd) { return result(syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC)); }
int32_t cl_dup_descriptor(int32_t fd) { return result(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3)); }
