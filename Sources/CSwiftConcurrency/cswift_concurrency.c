#include "cswift_concurrency.h"
#include <time.h>

#define SWIFT __attribute__((swiftcall))

typedef SWIFT void (*original)(void *job);
typedef SWIFT void (*delay_original)(unsigned long long delay, void *job);
typedef SWIFT void (*deadline_original)(long long, long long, long long, long long, int, void *job);

extern SWIFT void (*swift_task_enqueueGlobal_hook)(void *job, original);
extern SWIFT void (*swift_task_enqueueGlobalWithDelay_hook)(unsigned long long delay, void *job, delay_original);
extern SWIFT void (*swift_task_enqueueGlobalWithDeadline_hook)(long long seconds, long long nanoseconds, long long tolerance_seconds,
                                                               long long tolerance_nanoseconds, int clock, void *job,
                                                               deadline_original);
// The executor is a pair of words: zeros mean the generic one.
extern SWIFT void swift_job_run(void *job, void *executor_identity, uintptr_t executor_implementation);

static void (*enqueue_now)(void *);
static void (*enqueue_later)(void *, int64_t);

static SWIFT void on_enqueue(void *job, original unused) { enqueue_now(job); }

static SWIFT void on_delay(unsigned long long delay, void *job, delay_original unused) {
  enqueue_later(job, delay > INT64_MAX ? INT64_MAX : (int64_t)delay);
}

static SWIFT void on_deadline(long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds,
                              int clock, void *job, deadline_original unused) {
  struct timespec now;
  // swift_clock_id_continuous is 1: it counts a suspended machine's time. A delay does not, which on a node is the same.
  clock_gettime(clock == 1 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC, &now);
  long long left;
  if (__builtin_mul_overflow(seconds - now.tv_sec, 1000000000LL, &left)) left = seconds > now.tv_sec ? INT64_MAX / 2 : 0;
  left += nanoseconds - now.tv_nsec;
  enqueue_later(job, left < 0 ? 0 : left);
}

void cs_take_over(void (*enqueue)(void *), void (*enqueue_after)(void *, int64_t)) {
  enqueue_now = enqueue;
  enqueue_later = enqueue_after;
  swift_task_enqueueGlobal_hook = on_enqueue;
  swift_task_enqueueGlobalWithDelay_hook = on_delay;
  swift_task_enqueueGlobalWithDeadline_hook = on_deadline;
}

void cs_run(void *job) { swift_job_run(job, 0, 0); }
