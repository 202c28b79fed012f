/// The steps that take back what a creation did so far. A failure unwinds them in reverse; success drops them. A step that fails does not
/// hide the first error and does not stop the others: what it could not take back the next start finds.
final class Undo {
  private var steps: [(what: String, step: @Sendable () async throws -> Void)] = []

  func push(_ what: String, _ step: @escaping @Sendable () async throws -> Void) { steps.append((what, step)) }

  /// Runs the steps in reverse; returns what failed.
  func unwind() async -> [String] {
    var failures: [String] = []
    for (what, step) in steps.reversed() {
      do { try await step() } catch { failures.append("\(what): \(error)") }
    }
    return failures
  }
}
