/// Wakes a worker at the moment its plan asked for; one at a time.
struct WorkerTimer {
  private let clock: KubeletClock
  private let report: @Sendable (PodEvent) -> Void
  private var running: (at: Int64, task: Task<Void, Never>)?

  init(_ clock: KubeletClock, report: @escaping @Sendable (PodEvent) -> Void) { (self.clock, self.report) = (clock, report) }

  /// nil: not at all.
  mutating func wake(at moment: Int64?) {
    if running?.at == moment { return }
    cancel()
    guard let moment else { return }
    let (clock, report) = (clock, report)
    let task = Task {
      do { try await clock.sleepUntil(moment) } catch { return }
      report(.wake)
    }
    running = (moment, task)
  }

  /// It did.
  mutating func fired() { running = nil }

  mutating func cancel() {
    running?.task.cancel()
    running = nil
  }
}
