// ThreadSanitizer does not see into libswiftSynchronization: a Mutex that was contended is locked and unlocked by a system call there, and
// what it guards looks unguarded. These two functions come before its own (LD_PRELOAD) and say what the lock orders. Swift passes the
// mutex, whose first word is its state, in the register of `self`. Tried with Swift 6.3 on x86_64.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Absent in programs that tests start and that are no sanitized ones.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
typedef __attribute__((swiftcall)) void (*lock_slow)(uint32_t thread, __attribute__((swift_context)) void *mutex);
typedef __attribute__((swiftcall)) void (*unlock_slow)(__attribute__((swift_context)) void *mutex);

__attribute__((swiftcall)) void lock(uint32_t thread, __attribute__((swift_context)) void *mutex) __asm__(LOCK);
__attribute__((swiftcall)) void lock(uint32_t thread, __attribute__((swift_context)) void *mutex) {
  static lock_slow real;
  if (!real) real = (lock_slow)dlsym(RTLD_NEXT, LOCK);
  real(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

__attribute__((swiftcall)) void unlock(__attribute__((swift_context)) void *mutex) __asm__(UNLOCK);
__attribute__((swiftcall)) void unlock(__attribute__((swift_context)) void *mutex) {
  static unlock_slow real;
  if (!real) real = (unlock_slow)dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) __tsan_release(mutex);
  real(mutex);
}
