import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import Kubelet

@Suite("Files of a container's log") struct LogFilesTests {
  /// 2026-01-02 15:04:05 UTC.
  private static let now: Int64 = 1_767_366_245_000_000_000

  private func with(_ body: (ScratchDirectory, LogFiles) throws -> Void) throws {
    try ScratchDirectory.with("logs") { scratch in
      try scratch.makeDirectory("pod")
      try scratch.makeDirectory("pod/app")
      try body(scratch, try LogFiles("pod/app/0.log", below: scratch.path))
    }
  }

  private func names(_ scratch: ScratchDirectory) throws -> [String] { try listDirectory(scratch["pod/app"]).sorted() }
  private func write(_ scratch: ScratchDirectory, _ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: scratch["pod/app/\(name)"]))
  }
  private func read(_ scratch: ScratchDirectory, _ name: String) throws -> String {
    try String(contentsOfFile: scratch["pod/app/\(name)"], encoding: .utf8)
  }

  @Test("a log is set aside under the time, and comes back unless a new one has begun")
  func aside() throws {
    try with { scratch, files in
      #expect(try files.size() == nil)
      try write(scratch, "0.log", "one")
      #expect(try files.size() == 3)
      #expect(try files.setAside(Self.now) == "0.log.20260102-150405")
      #expect(try names(scratch) == ["0.log.20260102-150405"])
      try files.restore("0.log.20260102-150405")
      #expect(try read(scratch, "0.log") == "one")
      _ = try files.setAside(Self.now)
      try write(scratch, "0.log", "two")
      #expect(throws: SystemCallError.self) { try files.restore("0.log.20260102-150405") }
      #expect(throws: SystemCallError.self) { _ = try files.setAside(Self.now) }
      #expect(try read(scratch, "0.log") == "two" && read(scratch, "0.log.20260102-150405") == "one")
    }
  }

  @Test("before a rotation the oldest go, what is half-done goes, the others are compressed whole; what is somebody else's stays")
  func tidy() throws {
    try with { scratch, files in
      let text = (0..<50_000).map { "line \($0)\n" }.joined()
      try write(scratch, "0.log", "now")
      for (name, content) in [
        ("0.log.20260101-000001", "oldest"), ("0.log.20260101-000002.gz", "old"), ("0.log.20260101-000003", "compressed already"),
        ("0.log.20260101-000003.gz", "kept"), ("0.log.20260101-000004", text), ("0.log.20260101-000004.tmp", "half"),
        ("0.log.1", "mine"), ("0.log.20260101", "mine"), ("0.log.bak-of-yesterday", "mine"), ("1.log.20260101-000001", "another's"),
      ] { try write(scratch, name, content) }
      #expect(try files.tidy(keeping: 4) == nil)
      #expect(
        try names(scratch) == [
          "0.log", "0.log.1", "0.log.20260101", "0.log.20260101-000003.gz", "0.log.20260101-000004.gz", "0.log.bak-of-yesterday",
          "1.log.20260101-000001",
        ])
      #expect(try read(scratch, "0.log.20260101-000003.gz") == "kept")
      let packed = scratch["pod/app/0.log.20260101-000004.gz"]
      #expect(try #require(try HostFiles.facts(packed)).size < Int64(text.utf8.count / 4))
      // Read by another program.
      let (process, output) = (Process(), Foundation.Pipe())
      (process.executableURL, process.arguments) = (URL(filePath: "/bin/gzip"), ["-dc", packed])
      process.standardOutput = output
      try process.run()
      let unpacked = try output.fileHandleForReading.readToEnd()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && unpacked == Data(text.utf8))
      // The fewest: the log itself and one more.
      #expect(try files.tidy(keeping: 2) == nil)
      #expect(try names(scratch).filter { $0.hasSuffix(".gz") } == [])
    }
  }

  @Test("links that a pod put there lead nowhere: neither its directories, nor its log, nor a rotated one")
  func links() throws {
    try with { scratch, files in
      try scratch.makeDirectory("outside")
      try Data("secret".utf8).write(to: URL(filePath: scratch["outside/0.log"]))
      let manager = FileManager.default
      try manager.createSymbolicLink(atPath: scratch["pod/linked"], withDestinationPath: scratch["outside"])
      for path in ["pod/linked/0.log", "../\(URL(filePath: scratch.path).lastPathComponent)/outside/0.log"] {
        #expect(throws: SystemCallError.self) { _ = try LogFiles(path, below: scratch.path) }
      }
      for name in ["0.log", "0.log.20260101-000001"] {
        try manager.createSymbolicLink(atPath: scratch["pod/app/\(name)"], withDestinationPath: scratch["outside/0.log"])
      }
      #expect(try files.size() != 6)
      // It is not read, and holds up no rotation.
      #expect(try files.tidy(keeping: 5) != nil)
      _ = try files.setAside(Self.now)
      #expect(try files.tidy(keeping: 2) == nil)
      #expect(try names(scratch) == [])
      #expect(try String(contentsOfFile: scratch["outside/0.log"], encoding: .utf8) == "secret")
    }
  }
}
