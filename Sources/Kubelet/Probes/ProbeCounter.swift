/// Turns single results into a verdict by the probe's thresholds. Pure.
/// Source: kubelet prober/worker.go.
struct ProbeCounter: Sendable, Equatable {
  let successThreshold: Int
  let failureThreshold: Int
  private var last: ProbeVerdict?
  private var run = 0

  init(successThreshold: Int, failureThreshold: Int) {
    self.successThreshold = max(1, successThreshold)
    self.failureThreshold = max(1, failureThreshold)
  }

  /// - Returns: the verdict once enough equal results came in a row; nil before.
  mutating func add(_ result: ProbeVerdict) -> ProbeVerdict? {
    run = last == result ? run + 1 : 1
    last = result
    return run >= (result == .success ? successThreshold : failureThreshold) ? result : nil
  }
}
