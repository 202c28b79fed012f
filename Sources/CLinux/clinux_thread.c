#define _GNU_SOURCE
#include "clinux_thread.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
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
  pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_t thread;
  int result = pthread_create(&thread, &attributes, run, start);
  pthread_attr_destroy(&attributes);
  if (result) free(start);
  return -result;
}
