import Foundation

extension Process {
  /// Waits for the end without a run loop: `waitUntilExit` needs one, whose sockets a test process with many descriptors may not get.
  /// Gives up after a minute.
  func waitForEnd() {
    for _ in 0..<6000 where isRunning { Thread.sleep(forTimeInterval: 0.01) }
  }
}
