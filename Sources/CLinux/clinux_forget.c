#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clinux_process.h"

struct range {
  uintptr_t from, to;
};

static uintptr_t hexadecimal(const char **text, const char *end) {
  uintptr_t value = 0;
  for (; *text < end; (*text)++) {
    char c = **text;
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) break;
    value = value << 4 | (uintptr_t)digit;
  }
  return value;
}

// A line of proc_pid_maps(5): from-to rw-p offset device inode [name]. Whether it is writable memory without a file.
static int is_anonymous(const char *line, const char *end, struct range *out) {
  out->from = hexadecimal(&line, end);
  if (line == end || *line++ != '-') return 0;
  out->to = hexadecimal(&line, end);
  if (end - line < 6 || memcmp(line, " rw-p ", 6) != 0) return 0;
  while (end > line && end[-1] == ' ') end--;
  if (end - line > 7 && memcmp(end - 7, "[stack]", 7) == 0) return 1;
  if (end - line > 7 && memcmp(end - 7, " [heap]", 7) == 0) return 1;
  return end - line > 8 && memcmp(end - 8, " 00:00 0", 8) == 0;
}

static void forget(int32_t maps) {
  struct range found[32];
  char bytes[1024];
  size_t count = 0, have = 0;
  while (count < 32) {
    long got = syscall(SYS_read, maps, bytes + have, sizeof bytes - have);
    if (got <= 0) break;
    have += (size_t)got;
    char *line = bytes, *end;
    while (count < 32 && (end = memchr(line, '\n', (size_t)(bytes + have - line)))) {
      count += (size_t)is_anonymous(line, end, &found[count]);
      line = end + 1;
    }
    have = (size_t)(bytes + have - line);
    memmove(bytes, line, have);
  }
  uintptr_t frame = (uintptr_t)bytes < (uintptr_t)found ? (uintptr_t)bytes : (uintptr_t)found;
  uintptr_t thread = (uintptr_t)pthread_self();
  for (size_t i = 0; i < count; i++) {
    if (found[i].from <= thread && thread < found[i].to) continue;
    // Below the frames in use, with room for those of the calls here.
    if (found[i].from <= frame && frame < found[i].to) found[i].to = (frame - 1024) & ~(uintptr_t)4095;
    if (found[i].to > found[i].from) syscall(SYS_madvise, found[i].from, found[i].to - found[i].from, MADV_DONTNEED);
  }
}

void cl_pause(int32_t maps, uint64_t mask) {
  if (maps >= 0) forget(maps);
  syscall(SYS_close_range, 0U, ~0U, 0U);
  for (;;) {
    int32_t signal = cl_wait_signal(mask);
    if (signal == SIGTERM || signal == SIGINT) cl_exit_now(0);
    for (int32_t pid; (pid = cl_peek_exited_child()) > 0;) {
      struct cl_exit ended;
      cl_wait_pid(pid, &ended);
    }
  }
}
