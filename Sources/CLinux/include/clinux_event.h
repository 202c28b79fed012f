// epoll, signalfd, timerfd, unix sockets and terminals for podshim's loop. One system call each (bind needs an address), result or -errno.
#ifndef CLINUX_EVENT_H
#define CLINUX_EVENT_H
#include <stddef.h>
#include <stdint.h>

// epoll_event without its packing.
struct cl_event {
  uint64_t token;
  uint32_t events;
};

int32_t cl_epoll_create(void);                                                                 // epoll_create1(EPOLL_CLOEXEC)
int32_t cl_epoll_add(int32_t epoll, int32_t fd, uint32_t events, uint64_t token);              // EPOLL_CTL_ADD
int32_t cl_epoll_modify(int32_t epoll, int32_t fd, uint32_t events, uint64_t token);           // EPOLL_CTL_MOD
int32_t cl_epoll_delete(int32_t epoll, int32_t fd);                                            // EPOLL_CTL_DEL
int32_t cl_epoll_wait(int32_t epoll, struct cl_event *out, int32_t capacity);                  // at most 32; no timeout
int32_t cl_signalfd(uint64_t mask);                                                            // signalfd4(CLOEXEC|NONBLOCK)
int32_t cl_timerfd(void);                                                                      // CLOCK_MONOTONIC, NONBLOCK
int32_t cl_timerfd_set(int32_t timer, int64_t at);                                             // absolute ns, one shot; 0 disarms
int32_t cl_socketpair_messages(int32_t pair[2]);                                               // AF_UNIX SOCK_SEQPACKET, CLOEXEC
int32_t cl_unix_socket(void);                                                                  // AF_UNIX stream, CLOEXEC|NONBLOCK
int32_t cl_unix_bind(int32_t fd, const char *path);                                            // bind(2); ENAMETOOLONG over 107 bytes
int32_t cl_listen(int32_t fd);                                                                 // listen(2)
int32_t cl_accept(int32_t fd);                                                                 // accept4(CLOEXEC|NONBLOCK)
int64_t cl_peer_uid(int32_t fd);                                                               // getsockopt(SO_PEERCRED)
int32_t cl_terminal_unlock(int32_t master);                                                    // TIOCSPTLCK
int32_t cl_terminal_number(int32_t master);                                                    // TIOCGPTN
int32_t cl_terminal_peer(int32_t master);                                                      // TIOCGPTPEER
int32_t cl_terminal_control(int32_t fd);                                                       // TIOCSCTTY
int32_t cl_terminal_resize(int32_t fd, uint16_t columns, uint16_t rows);                       // TIOCSWINSZ
#endif
