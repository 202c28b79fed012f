internal import KubeModel

/// What is done next for a pod, as a pure function: back-off, init order, sidecars, probes' consequences and termination are decided
/// here. Whether a container that ended starts again says `RestartPolicy`, and what to call the state `PodPhase`.
enum PodPlan {
  /// - Parameters:
  ///   - pod: as it is wanted.
  ///   - busy: what is under way beside the next action.
  static func nextAction(_ pod: Pod, _ observed: Observed, now: Int64, busy: Set<FailureSubject> = []) -> Decision {
    var plan = Planner(pod: pod, observed: observed, now: now, busy: busy)
    if let termination = observed.termination { return plan.end(termination) }
    return plan.run()
  }
}
