/// Waits for something at most so long. What takes longer is cancelled and left behind, not waited for: a task group would wait for
/// a call that cannot be cancelled, a stuck disk for example.
/// - Returns: nil when the time was over first, or the caller was cancelled.
public func waiting<R: Sendable>(atMost limit: Duration, for body: @escaping @Sendable () async -> R) async -> R? {
  let (first, continuation) = AsyncStream.makeStream(of: R.self, bufferingPolicy: .bufferingOldest(1))
  let work = Task {
    continuation.yield(await body())
    continuation.finish()
  }
  let timer = Alarm.call(after: limit) { continuation.finish() }
  defer {
    work.cancel()
    Alarm.forget(timer)
  }
  for await result in first { return result }
  return nil
}

/// Returns when the calling task is cancelled. No timer runs meanwhile.
public func cancellation() async {
  let (never, continuation) = AsyncStream.makeStream(of: Void.self)
  for await _ in never {}
  continuation.finish()
}
