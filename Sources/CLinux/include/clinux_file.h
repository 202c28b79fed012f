// Files, directories and classic mounts. Each function makes one system call, returns its result or -errno, and is safe after fork.
#ifndef CLINUX_FILE_H
#define CLINUX_FILE_H
#include <stddef.h>
#include <stdint.h>

// What the caller needs of struct stat, with the same layout for every libc.
struct cl_stat {
  uint32_t mode, uid, gid, links;
  uint32_t device_major, device_minor;  // st_rdev
  uint64_t inode, device, size;
};

int32_t cl_openat(int32_t dirfd, const char *path, int32_t flags, uint32_t mode);  // openat(2), O_CLOEXEC added
int32_t cl_close(int32_t fd);                                                      // close(2)
int64_t cl_read(int32_t fd, void *bytes, size_t length);                           // read(2)
int64_t cl_pread(int32_t fd, void *bytes, size_t length, int64_t offset);          // pread(2)
int64_t cl_write(int32_t fd, const void *bytes, size_t length);                    // write(2)
int32_t cl_fstat(int32_t fd, struct cl_stat *out);                                 // fstat(2), works on O_PATH
int64_t cl_fstatfs_type(int32_t fd);                                               // fstatfs(2): f_type
int64_t cl_file_end(int32_t fd);                                                   // lseek(fd, 0, SEEK_END)
int32_t cl_ftruncate(int32_t fd, int64_t length);                                  // ftruncate(2)
int32_t cl_fsync(int32_t fd);                                                      // fsync(2)
int32_t cl_mkdirat(int32_t dirfd, const char *path, uint32_t mode);                // mkdirat(2)
int32_t cl_mknodat(int32_t dirfd, const char *path, uint32_t mode, uint32_t major, uint32_t minor);  // mknodat(2)
int32_t cl_symlinkat(const char *target, int32_t dirfd, const char *path);         // symlinkat(2)
int32_t cl_unlinkat(int32_t dirfd, const char *path, int32_t flags);               // unlinkat(2)
int32_t cl_renameat(int32_t from_dir, const char *from, int32_t to_dir, const char *to);  // renameat(2)
int32_t cl_lchownat(int32_t dirfd, const char *path, uint32_t uid, uint32_t gid);  // fchownat(2), symlinks not followed
int32_t cl_fchown(int32_t fd, uint32_t uid, uint32_t gid);                         // fchown(2); UINT32_MAX: leave
int32_t cl_fchmodat(int32_t dirfd, const char *path, uint32_t mode);               // fchmodat(2)
int64_t cl_readlinkat(int32_t dirfd, const char *path, char *out, size_t length);  // readlinkat(2), not terminated
int64_t cl_getcwd(char *out, size_t length);                                       // getcwd(2), raw: "(unreachable)" is visible
int32_t cl_chdir(const char *path);                                                // chdir(2)
int32_t cl_fchdir(int32_t fd);                                                     // fchdir(2)
int32_t cl_umask(uint32_t mask);                                                   // umask(2): the old mask
int32_t cl_mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data);  // mount(2)
int32_t cl_umount(const char *target, int32_t flags);                              // umount2(2)
int32_t cl_pipe2(int32_t pair[2]);                                                  // pipe2(O_CLOEXEC)
int32_t cl_dup_to(int32_t fd, int32_t number);                                     // dup2(2): `number` stays open over exec
int32_t cl_set_close_on_exec(int32_t fd);                                          // fcntl(F_SETFD, FD_CLOEXEC)
int32_t cl_dup_descriptor(int32_t fd);                                             // fcntl(F_DUPFD_CLOEXEC), at least 3
int32_t cl_set_nonblocking(int32_t fd);                                            // fcntl(F_SETFL, O_NONBLOCK)
#endif
