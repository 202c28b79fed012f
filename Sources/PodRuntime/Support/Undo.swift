import LinuxSystem

/// The steps that take back what a creation did so far. A failure unwinds them in reverse; success drops them. A step that fails does not
/// hide the first error and does not stop the others: what it could not take back the next start finds.
final class Undo {
  private var steps: [(what: String, isRecord: Bool, step: @Sendable () async throws -> Void)] = []

  /// - Parameter isRecord: what the next start finds the rest by: it stays when a later step could not be taken back.
  func push(_ what: String, isRecord: Bool = false, _ step: @escaping @Sendable () async throws -> Void) {
    steps.append((what, isRecord, step))
  }

  /// Runs the steps in reverse; returns what failed.
  func unwind() async -> [String] {
    var failures: [String] = []
    for (what, isRecord, step) in steps.reversed() where !isRecord || failures.isEmpty {
      do {
        try Faults.checkUndo(what)
        try await step()
      } catch {
        failures.append("\(what): \(error)")
      }
    }
    return failures
  }
}
