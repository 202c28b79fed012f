import Foundation
import TestSupport

/// One run of the real swiftctl.
package struct SwiftctlProgram: Sendable {
  package var status: Int32
  package var output: String
  package var error: String

  /// - Parameter endpoint: of the agent; nil: what the arguments and the environment say.
  package init(endpoint: String?, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Products.path("swiftctl"))
    process.arguments = (endpoint.map { ["--runtime-endpoint", "unix://\($0)"] } ?? []) + arguments
    process.standardInput = FileHandle.nullDevice
    let files = ["out", "err"].map { "/tmp/swiftctl-\(UUID().uuidString).\($0)" }
    defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    let handles = try files.map { file in
      try Data().write(to: URL(fileURLWithPath: file))
      return try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    }
    (process.standardOutput, process.standardError) = (handles[0], handles[1])
    try process.run()
    process.waitForEnd()
    status = process.terminationStatus
    (output, error) = (try String(contentsOfFile: files[0], encoding: .utf8), try String(contentsOfFile: files[1], encoding: .utf8))
  }
}

extension AgentFixture {
  package func swiftctl(_ arguments: String...) throws -> SwiftctlProgram {
    try SwiftctlProgram(endpoint: "\(state)/swiftlet.sock", arguments)
  }
}
