// Signals as bytes in a pipe.
#ifndef CLINUX_SIGNAL_H
#define CLINUX_SIGNAL_H
#include <stdint.h>

// From now on each arrival of the signal writes its number, one byte, to `descriptor`, which stays open for the life of the process. One
// descriptor for all signals. Returns 0 or -errno.
int32_t cl_signal_to(int32_t descriptor, int32_t number);

// The calling thread, and those it starts from now on, block no signal. Returns 0 or -errno.
int32_t cl_signals_unblock(void);
#endif
