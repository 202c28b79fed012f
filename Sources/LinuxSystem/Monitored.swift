import Glibc

/// State behind a lock, with a condition that threads wait for: what `Mutex` of the standard library lacks. For the inside of threads of
/// our own; no task ever waits here.
///
/// Unchecked: `state` is only touched under `mutex`.
@safe public final class Monitored<State>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State

  public init(_ state: sending State) {
    self.state = state
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    // A clock that is set must not wake or hold anybody.
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  public func withLock<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// The same, and wakes one waiting thread afterwards when `body` says so.
  public func signal(if body: (inout State) -> Bool) {
    if withLock(body) { unsafe pthread_cond_signal(condition) }
  }

  /// The same, and wakes every waiting thread.
  public func broadcast(_ body: (inout State) -> Void) {
    withLock(body)
    unsafe pthread_cond_broadcast(condition)
  }

  /// Waits until `body` has an answer. It is asked at once, and again after each wake-up, under the lock.
  /// - Parameter deadline: `monotonicNanoseconds()` after which nil is returned; nil: never.
  public func wait<R>(until deadline: UInt64? = nil, _ body: (inout State) -> R?) -> R? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let answer = body(&state) { return answer }
      guard let deadline else {
        unsafe pthread_cond_wait(condition, mutex)
        continue
      }
      var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
      if unsafe pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return body(&state) }
    }
  }
}

/// CLOCK_MONOTONIC in nanoseconds.
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
