// Sealing a single-threaded process before it parses what strangers sent. Every function returns 0 or -errno.
#ifndef CLINUX_SEAL_H
#define CLINUX_SEAL_H
#include <stddef.h>
#include <stdint.h>

// Takes every capability but `keep` (bits by number) out of the bounding set: prctl(PR_CAPBSET_DROP).
int32_t cl_drop_bounding(uint64_t keep);
// prctl(PR_SET_NO_NEW_PRIVS).
int32_t cl_no_new_privileges(void);
// seccomp(2): only reading and writing of open descriptors, memory and the end; with `files` also what filling a directory needs.
// Every other call fails with EPERM. Needs no_new_privs.
int32_t cl_seal_calls(int32_t files);
// landlock(7): the version this kernel has, or -errno (ENOSYS, EOPNOTSUPP).
int32_t cl_landlock_version(void);
// landlock_restrict_self(2): nothing of the file system but, when `directory` >= 0, what lies below it, and nothing of that is ever
// executed; no TCP; no signal to and no abstract socket of anybody outside. Needs no_new_privs.
int32_t cl_landlock_restrict(int32_t directory, int32_t version);
// lsetxattr(2) of a name in the working directory; links are not followed.
int32_t cl_lsetxattr_here(const char *name, const char *attribute, const void *value, size_t length);
#endif
