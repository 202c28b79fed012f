/// What a probe decides. Source: core/v1 Container.
enum ProbeKind: String, Sendable, Hashable, CaseIterable {
  case startup = "Startup"
  case liveness = "Liveness"
  case readiness = "Readiness"
}

/// A probe's opinion after its thresholds.
enum ProbeVerdict: String, Sendable {
  case success
  case failure
}
