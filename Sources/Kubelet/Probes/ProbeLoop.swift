internal import KubeModel

/// Probes one container for one purpose until cancelled, and reports changes of the verdict.
struct ProbeLoop: Sendable {
  let kind: ProbeKind
  let probe: Probe
  /// The moment of `clock` of the first try.
  let first: Int64
  let clock: KubeletClock
  let attempt: @Sendable () async -> ProbeResult
  /// (verdict): when it changed.
  let report: @Sendable (ProbeVerdict) -> Void
  /// Every failed try and warning, for events.
  let note: @Sendable (ProbeResult) -> Void

  private var period: Duration { .seconds(max(1, probe.periodSeconds ?? 10)) }

  /// Extra tries right after the start, until the first success: they find a container ready in milliseconds rather than after a
  /// period, and their failures count for nothing. Not for exec: each try costs a process.
  private var early: [Duration] {
    probe.exec == nil && kind != .liveness ? [50, 100, 200, 400, 800].map { .milliseconds($0) } : []
  }

  func run() async {
    var counter = ProbeCounter(
      successThreshold: Int(probe.successThreshold ?? 1), failureThreshold: Int(probe.failureThreshold ?? 3))
    var reported: ProbeVerdict?
    do {
      if first > clock.now() { try await clock.sleepUntil(first) }
      var isFirst = true
      while !Task.isCancelled {
        var result = await tried()
        if isFirst, (probe.initialDelaySeconds ?? 0) == 0, !isSuccess(result) {
          for pause in early where !isSuccess(result) {
            try await clock.sleep(pause)
            result = await attempt()
          }
        }
        isFirst = false
        try Task.checkCancellation()
        if let verdict = judge(result), let conclusion = counter.add(verdict) {
          if conclusion != reported {
            reported = conclusion
            report(conclusion)
          }
          // After a kill verdict, or once started, there is nothing more to learn about this run.
          if kind == .startup || (kind == .liveness && conclusion == .failure) { return }
        }
        try await clock.sleep(period)
      }
    } catch { return }  // cancelled
  }

  /// Errors are not results: three more tries at once, then dropped.
  private func tried() async -> ProbeResult {
    var result = await attempt()
    for _ in 0..<3 {
      guard case .error = result, !Task.isCancelled else { break }
      result = await attempt()
    }
    return result
  }

  private func isSuccess(_ result: ProbeResult) -> Bool {
    switch result {
    case .success, .warning: true
    case .failure, .error: false
    }
  }

  private func judge(_ result: ProbeResult) -> ProbeVerdict? {
    switch result {
    case .success: return .success
    case .warning:
      note(result)
      return .success
    case .failure:
      note(result)
      return .failure
    case .error:
      note(result)
      return nil
    }
  }
}
