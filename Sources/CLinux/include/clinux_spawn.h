// Starting podshim from the multi-threaded agent.
#ifndef CLINUX_SPAWN_H
#define CLINUX_SPAWN_H
#include <stdint.h>

// Starts the program behind `executable_fd` (execveat) in a new process that is born in the cgroup `cgroup_fd` (< 0: the caller's), with
// `socket_fd` as descriptor 3 and nothing else open above 2 (descriptors 0-2 are /dev/null, given as `null_fd`). All signals are reset
// and unblocked. The caller is suspended until the exec, so no copy of its memory is made (CLONE_VM|CLONE_VFORK); the child makes
// system calls only. Returns the pid and a close-on-exec pidfd, or -errno (of the exec too).
int32_t cl_spawn(int32_t executable_fd, char *const argv[], char *const envp[], int32_t cgroup_fd, int32_t null_fd,
                 int32_t socket_fd, int32_t *pidfd);
// The same for the program or script at `path` (execve: an interpreter finds it by that name), as the leader of a session and a process
// group of its own, in the caller's cgroup, with three descriptors as its streams and nothing else open.
int32_t cl_run(const char *path, char *const argv[], char *const envp[], const int32_t streams[3], int32_t *pidfd);
// Raises the soft RLIMIT_NOFILE of this process to the hard one; cl_spawn gives its children what was there before the first call.
// Returns the limit, or -errno.
int64_t cl_raise_descriptor_limit(void);
// A user namespace with these mappings (the text of uid_map and gid_map) in which nobody lives: a close-on-exec descriptor, or -errno. A
// process is made for the moment (CLONE_VM, so no copy of the caller's memory), as only a process's mappings can be written.
int32_t cl_user_namespace(const char *uid_map, const char *gid_map);
int64_t cl_descriptor_limit(int32_t pid);  // prlimit64(2): the soft RLIMIT_NOFILE of a process, or -errno
#endif
