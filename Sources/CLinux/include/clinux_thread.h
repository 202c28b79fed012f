// A thread with a small stack and a name, for loops that live as long as the process.
#ifndef CLINUX_THREAD_H
#define CLINUX_THREAD_H
#include <stdint.h>

// Starts a detached thread (256 KiB stack) that runs body(argument). Returns 0 or -errno.
int32_t cl_thread_start(const char *name, void (*body)(void *), void *argument);
#endif
