// epoll(7) for a loop that only waits for descriptors to become readable.
#ifndef CLINUX_MONITOR_H
#define CLINUX_MONITOR_H
#include <stdint.h>

// epoll_create1(EPOLL_CLOEXEC): the descriptor, or -errno.
int32_t cl_monitor_create(void);
// EPOLL_CTL_ADD for EPOLLIN|EPOLLRDHUP, level triggered: 0 or -errno.
int32_t cl_monitor_add(int32_t monitor, int32_t descriptor, uint64_t token);
/* Waits until descriptor takes something, or its other end is gone. */
int32_t cl_monitor_add_writable(int32_t monitor, int32_t descriptor, uint64_t token);
// EPOLL_CTL_DEL: 0 or -errno.
// The same, and for writability too when `writable` is not 0.
int32_t cl_monitor_modify(int32_t monitor, int32_t descriptor, uint64_t token, int32_t writable);
int32_t cl_monitor_remove(int32_t monitor, int32_t descriptor);
// epoll_wait without timeout: writes up to `capacity` (at most 64) tokens, returns how many, or -errno.
int32_t cl_monitor_wait(int32_t monitor, uint64_t *tokens, int32_t capacity);
#endif
