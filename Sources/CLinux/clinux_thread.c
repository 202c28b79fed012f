#define _GNU_SOURCE
#include "clinux_thread.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

struct start {
  void (*body)(void *);
  void *argument;
  char name[16];
};

static void *run(void *raw) {
  struct start start = *(struct start *)raw;
  free(raw);
  prctl(PR_SET_NAME, start.name);
  // Where transparent huge pages are on for all memory, the first touch of a stack would cost 2 MiB.
  pthread_attr_t attributes;
  void *stack;
  size_t size;
  if (!pthread_getattr_np(pthread_self(), &attributes)) {
    if (!pthread_attr_getstack(&attributes, &stack, &size)) madvise(stack, size, MADV_NOHUGEPAGE);
    pthread_attr_destroy(&attributes);
  }
  start.body(start.argument);
  return NULL;
}

int32_t cl_thread_start(const char *name, void (*body)(void *), void *argument) {
  struct start *start = malloc(sizeof *start);
  if (!start) return -ENOMEM;
  start->body = body;
  start->argument = argument;
  int i = 0;
  for (; name[i] && i < 15; i++) start->name[i] = name[i];
  start->name[i] = 0;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 8 << 20);
  pthread_t thread;
  int result = pthread_create(&thread, &attributes, run, start);
  pthread_attr_destroy(&attributes);
  if (result) free(start);
  return -result;
}

#ifdef __GLIBC__
#include <link.h>
#include <malloc.h>
void cl_configure_heap(void) {
  /* Further arenas grow by pages, with a call of mprotect each: hundreds while the agent starts. */
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TOP_PAD, 256 << 10);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 512 << 10);
}

/* Code is never written: what is used again comes back from the page cache. */
static int forget_code(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size, (void)unused;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || (part->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + part->p_vaddr) & ~page;
    madvise((void *)start, ((object->dlpi_addr + part->p_vaddr + part->p_memsz + page) & ~page) - start, MADV_DONTNEED);
  }
  return 0;
}
void cl_trim_memory(void) {
  malloc_trim(0);
  dl_iterate_phdr(forget_code, NULL);
}
#else
void cl_configure_heap(void) {}
void cl_trim_memory(void) {}
#endif
