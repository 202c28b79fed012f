// Bytes and descriptors over unix stream sockets.
#ifndef CLINUX_SOCKET_H
#define CLINUX_SOCKET_H
#include <stddef.h>
#include <stdint.h>

// Most descriptors one message carries.
#define CL_MAX_DESCRIPTORS 253

// sendmsg(2) with MSG_NOSIGNAL and SCM_RIGHTS for `count` descriptors (0: none): bytes sent, or -errno.
int64_t cl_send_descriptors(int32_t socket, const void *bytes, size_t length, const int32_t *descriptors, int32_t count);
// recvmsg(2) with MSG_CMSG_CLOEXEC: bytes received (0: end), or -errno. Up to CL_MAX_DESCRIPTORS received descriptors are written to
// `descriptors`, their number to `count`.
int64_t cl_receive_descriptors(int32_t socket, void *bytes, size_t length, int32_t *descriptors, int32_t *count);
// socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC): 0 or -errno.
int32_t cl_socket_pair(int32_t pair[2]);
// connect(2) of a new AF_UNIX stream socket to `name` below the directory `directory_fd` (through /proc/self/fd, so that the path may be
// longer than sun_path): the descriptor, or -errno.
int32_t cl_connect_unix(int32_t directory_fd, const char *name);
// One datagram with `text` to the AF_UNIX address `path` (a leading `@` is an abstract name): 0 or -errno.
int32_t cl_notify(const char *path, const char *text);
#endif
