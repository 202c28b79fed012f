#define _GNU_SOURCE
#include "clinux_monitor.h"
#include <errno.h>
#include <sys/epoll.h>

int32_t cl_monitor_create(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}
int32_t cl_monitor_add(int32_t monitor, int32_t descriptor, uint64_t token) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = token};
  return epoll_ctl(monitor, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}
int32_t cl_monitor_add_writable(int32_t monitor, int32_t descriptor, uint64_t token) {
  struct epoll_event event = {.events = EPOLLOUT, .data.u64 = token};
  return epoll_ctl(monitor, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}
int32_t cl_monitor_modify(int32_t monitor, int32_t descriptor, uint64_t token, int32_t writable) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (writable ? EPOLLOUT : 0), .data.u64 = token};
  return epoll_ctl(monitor, EPOLL_CTL_MOD, descriptor, &event) < 0 ? -errno : 0;
}
int32_t cl_monitor_remove(int32_t monitor, int32_t descriptor) {
  struct epoll_event unused = {0};
  return epoll_ctl(monitor, EPOLL_CTL_DEL, descriptor, &unused) < 0 ? -errno : 0;
}
int32_t cl_monitor_wait(int32_t monitor, uint64_t *tokens, int32_t capacity) {
  struct epoll_event events[64];
  int count = epoll_wait(monitor, events, capacity < 64 ? capacity : 64, -1);
  if (count < 0) return -errno;
  for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
  return count;
}
