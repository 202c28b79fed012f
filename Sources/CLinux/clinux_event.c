#define _GNU_SOURCE
#include "clinux_event.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static inline int32_t result(long r) { return r < 0 ? -errno : (int32_t)r; }

int32_t cl_epoll_create(void) { return result(syscall(SYS_epoll_create1, EPOLL_CLOEXEC)); }
static int32_t control(int32_t epoll, int operation, int32_t fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return result(syscall(SYS_epoll_ctl, epoll, operation, fd, &event));
}
int32_t cl_epoll_add(int32_t epoll, int32_t fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}
int32_t cl_epoll_modify(int32_t epoll, int32_t fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}
int32_t cl_epoll_delete(int32_t epoll, int32_t fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }
int32_t cl_epoll_wait(int32_t epoll, struct cl_event *out, int32_t capacity) {
  struct epoll_event events[32];
  long count = syscall(SYS_epoll_pwait, epoll, events, capacity > 32 ? 32 : capacity, -1, NULL, 8);
  if (count < 0) return -errno;
  for (long i = 0; i < count; i++) out[i] = (struct cl_event){events[i].data.u64, events[i].events};
  return (int32_t)count;
}
int32_t cl_signalfd(uint64_t mask) { return result(syscall(SYS_signalfd4, -1, &mask, 8, O_CLOEXEC | O_NONBLOCK)); }
int32_t cl_timerfd(void) { return result(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)); }
int32_t cl_timerfd_set(int32_t timer, int64_t at) {
  struct itimerspec time = {.it_value = {at / 1000000000, at % 1000000000}};
  return result(syscall(SYS_timerfd_settime, timer, TFD_TIMER_ABSTIME, &time, NULL));
}
int32_t cl_socketpair_messages(int32_t pair[2]) {
  return result(syscall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
}
int32_t cl_unix_socket(void) { return result(syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }
int32_t cl_unix_bind(int32_t fd, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path, path, length + 1);
  return result(syscall(SYS_bind, fd, &address, sizeof address));
}
int32_t cl_listen(int32_t fd) { return result(syscall(SYS_listen, fd, 16)); }
int32_t cl_accept(int32_t fd) { return result(syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }
int64_t cl_peer_uid(int32_t fd) {
  struct { int32_t pid, uid, gid; } credentials;
  socklen_t length = sizeof credentials;
  long r = syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
  return r < 0 ? -(int64_t)errno : (int64_t)(uint32_t)credentials.uid;
}
int32_t cl_terminal_unlock(int32_t master) {
  int zero = 0;
  return result(syscall(SYS_ioctl, master, TIOCSPTLCK, &zero));
}
int32_t cl_terminal_number(int32_t master) {
  unsigned number = 0;
  long r = syscall(SYS_ioctl, master, TIOCGPTN, &number);
  return r < 0 ? -errno : (int32_t)number;
}
int32_t cl_terminal_peer(int32_t master) { return result(syscall(SYS_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)); }
int32_t cl_terminal_control(int32_t fd) { return result(syscall(SYS_ioctl, fd, TIOCSCTTY, 0)); }
int32_t cl_terminal_resize(int32_t fd, uint16_t columns, uint16_t rows) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return result(syscall(SYS_ioctl, fd, TIOCSWINSZ, &size));
}
