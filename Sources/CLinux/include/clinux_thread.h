// A thread with a name.
#ifndef CLINUX_THREAD_H
#define CLINUX_THREAD_H
#include <stdint.h>

// Starts a detached thread (8 MiB of stack, used as needed) that runs body(argument). Returns 0 or -errno.
int32_t cl_thread_start(const char *name, void (*body)(void *), void *argument);
// mallopt(3): two arenas, mappings of their own from 256 KiB on. malloc_trim(3). Nothing where the C library is not glibc.
void cl_configure_heap(void);
void cl_trim_memory(void);
#endif
