import Foundation
import Glibc
import LinuxSystem
import Synchronization

/// One run of the real agent program.
final class AgentProcess: Sendable {
  /// Products lie beside the test bundle.
  static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  private let process: Process

  /// - Parameter log: what it prints is appended here.
  init(arguments: [String], log: String) throws {
    let process = Process()
    process.executableURL = Self.products.appendingPathComponent("swiftlet")
    process.arguments = arguments
    if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(fileURLWithPath: log)) }
    let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    try output.seekToEnd()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    self.process = process
  }

  var pid: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var exitStatus: Int32 { process.terminationStatus }

  func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for its end; kills it after `seconds`. True when it ended by itself.
  func wait(seconds: Double) async throws -> Bool {
    let inTime = await eventually(seconds) { !process.isRunning }
    if !inTime {
      signal(SIGKILL)
      _ = await eventually(10) { !process.isRunning }
    }
    return inTime
  }
}

/// Tries until `condition` holds; false after `seconds`.
func eventually(_ seconds: Double = 10, _ condition: () async throws -> Bool) async rethrows -> Bool {
  let end = ContinuousClock.now + .milliseconds(Int64(seconds * 1000))
  while try await !condition() {
    if ContinuousClock.now > end { return false }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return true
}
