#define _GNU_SOURCE
#include "clinux_thread.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

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
#include <malloc.h>
void cl_configure_heap(void) {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 512 << 10);
}
void cl_trim_heap(void) { malloc_trim(0); }
#else
void cl_configure_heap(void) {}
void cl_trim_heap(void) {}
#endif
