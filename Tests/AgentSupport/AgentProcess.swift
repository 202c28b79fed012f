import Foundation
import Glibc
import Synchronization
import TestSupport

/// One run of the real agent program.
package final class AgentProcess: Sendable {
  private let process: Process

  /// - Parameter log: what it prints is appended here.
  package init(arguments: [String], log: String) throws {
    let process = Process()
    process.executableURL = URL(
      fileURLWithPath: ProcessInfo.processInfo.environment["SWIFTLET_PROGRAM"] ?? Products.path("swiftlet"))
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

  package var pid: Int32 { process.processIdentifier }
  package var isRunning: Bool { process.isRunning }
  package var exitStatus: Int32 { process.terminationStatus }

  package func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for its end; kills it after `seconds`. True when it ended by itself.
  package func wait(seconds: Double) async throws -> Bool {
    let inTime = await eventually(seconds) { !process.isRunning }
    if !inTime {
      signal(SIGKILL)
      _ = await eventually(10) { !process.isRunning }
    }
    return inTime
  }
}
