// A thread with a name.
#ifndef CLINUX_THREAD_H
#define CLINUX_THREAD_H
#include <stdint.h>

// Starts a detached thread (8 MiB of stack, used as needed) that runs body(argument). Returns 0 or -errno.
int32_t cl_thread_start(const char *name, void (*body)(void *), void *argument);
#endif
