// podshim is compiled with glibc's headers and linked with musl, whose CMSG_NXTHDR is no function. Weak: glibc's own wins elsewhere.
#define _GNU_SOURCE
#include <sys/socket.h>

__attribute__((weak)) struct cmsghdr *__cmsg_nxthdr(struct msghdr *message, struct cmsghdr *header) {
  char *next = (char *)header + CMSG_ALIGN(header->cmsg_len);
  char *end = (char *)message->msg_control + message->msg_controllen;
  if (header->cmsg_len < sizeof *header || next + sizeof *header > end) return 0;
  return (struct cmsghdr *)next;
}
