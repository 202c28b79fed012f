package import Foundation

extension Process {
  /// Waits for the end without a run loop: `waitUntilExit` needs one, whose sockets a test process with many descriptors may not get.
  /// - Returns: false when it runs after a minute.
  @discardableResult
  package func waitForEnd() -> Bool { eventuallyBlocking(60) { !isRunning } }
}
