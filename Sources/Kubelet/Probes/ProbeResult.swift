/// What one try of a probe found.
enum ProbeResult: Equatable, Sendable {
  case success(String)
  /// Counts as success, reported as an event.
  case warning(String)
  case failure(String)
  /// The probe itself could not be done (bad port, runtime unavailable): says nothing about the container.
  case error(String)
}
