internal import RuntimeAPI

/// The reading of what the runtime has of a pod: one at a time; asked for again meanwhile, once more afterwards.
struct WorkerReading {
  private let services: PodServices
  private let uid: PodUID
  private let report: @Sendable (PodEvent) -> Void
  private var task: Task<Void, Never>?
  private var isAskedAgain = false
  /// In a row.
  private var failures = 0

  init(_ services: PodServices, _ uid: PodUID, report: @escaping @Sendable (PodEvent) -> Void) {
    (self.services, self.uid, self.report) = (services, uid, report)
  }

  /// - Parameter since: the worker's news so far: what it learns of meanwhile is not gone if it is missing.
  mutating func begin(since: Int) {
    if task == nil { start(since, after: 0) } else { isAskedAgain = true }
  }

  /// It failed: tried again, later and later.
  mutating func failed(since: Int) {
    failures += 1
    start(since, after: Failure.delay(afterFailures: failures))
  }

  mutating func ended(since: Int) {
    (task, failures) = (nil, 0)
    if isAskedAgain { start(since, after: 0) }
  }

  func cancel() { task?.cancel() }

  private mutating func start(_ since: Int, after delay: Int64) {
    let (services, report, uid) = (services, report, uid)
    isAskedAgain = false
    task = Task {
      do {
        if delay > 0 { try await services.clock.sleep(.nanoseconds(delay)) }
        var state = try await PodRuntimeState.read(services.runtime, uid: uid)
        state.since = since
        report(.listed(state))
      } catch is CancellationError {
      } catch {
        report(.unreadable)
      }
    }
  }
}
