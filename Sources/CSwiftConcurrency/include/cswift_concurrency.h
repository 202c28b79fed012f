// The Swift concurrency runtime's hooks for another global executor. Source: swift/Concurrency.h, "swift_task_enqueueGlobal_hook".
// They are the runtime's own extension point, without a Swift interface yet: an executor that the language offers (custom global
// executors) replaces this when it is there.
#ifndef CSWIFT_CONCURRENCY_H
#define CSWIFT_CONCURRENCY_H
#include <stdint.h>

// From now on jobs of the global executor go to `enqueue`, those with a delay to `enqueue_after`. Once, before the first task.
void cs_take_over(void (*enqueue)(void *job), void (*enqueue_after)(void *job, int64_t nanoseconds));
// Runs a job to its next suspension, on the calling thread.
void cs_run(void *job);
#endif
