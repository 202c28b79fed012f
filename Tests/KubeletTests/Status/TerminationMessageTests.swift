import Foundation
import Testing

@testable import Kubelet

@Suite("Termination messages") struct TerminationMessageTests {
  private func message(
    file: [UInt8]? = nil, log: String? = nil, fallsBack: Bool = true, exitCode: Int32 = 1, containers: Int = 1
  ) throws -> String {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("termination-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (filePath, logPath) = (directory.appendingPathComponent("message"), directory.appendingPathComponent("log"))
    if let file { try Data(file).write(to: filePath) }
    if let log { try Data(log.utf8).write(to: logPath) }
    return TerminationMessage.read(
      file: filePath.path, log: log == nil ? nil : logPath.path, fallsBack: fallsBack, exitCode: exitCode, containers: containers)
  }

  private static func line(_ text: String, _ tag: String = "F", _ stream: String = "stdout") -> String {
    "2026-01-02T03:04:05.000000006Z \(stream) \(tag) \(text)\n"
  }

  @Test("the file is the message, as it is")
  func file() throws {
    #expect(try message(file: Array("out of luck\n".utf8)) == "out of luck\n")
    #expect(try message(file: Array("done".utf8), log: Self.line("log"), exitCode: 0) == "done")
    #expect(try message() == "")
  }

  @Test("its end counts: 4096 bytes, and less where many containers share the pod's 12 KiB")
  func limits() throws {
    let bytes = Array((0..<20_000).map { UInt8($0 / 1000 + 65) })
    let long = try message(file: bytes)
    #expect(long.utf8.count == 4096 && long.last == "T")
    #expect(try message(file: bytes, containers: 6).utf8.count == 2048)
    #expect(try message(file: bytes, containers: 12 * 1024 + 1).utf8.count == 0)
  }

  @Test("bytes that are no text become marks of that")
  func noText() throws { #expect(try message(file: [0x61, 0xFF, 0x62]) == "a\u{FFFD}b") }

  @Test("without a file, the log of a container that failed speaks, when the pod wants that")
  func fallBack() throws {
    let log = Self.line("one") + Self.line("two, in ", "P", "stderr") + Self.line("parts", "F", "stderr")
    #expect(try message(log: log) == "one\ntwo, in parts\n")
    #expect(try message(file: [], log: log) == "one\ntwo, in parts\n")
    #expect(try message(log: log, fallsBack: false) == "")
    #expect(try message(log: log, exitCode: 0) == "")
  }

  @Test("of the log, 80 lines count, and 2048 bytes")
  func logLimits() throws {
    let short = (0..<200).map { Self.line("\($0)") }.joined()
    let lines = try message(log: short).split(separator: "\n")
    #expect(lines.count == 80 && lines.first == "120" && lines.last == "199")
    let long = (0..<100).map { _ in Self.line(String(repeating: "x", count: 100)) }.joined()
    #expect(try message(log: long).utf8.count == 2048)
    #expect(try message(log: long, containers: 12).utf8.count == 1024)
  }

  @Test(
    "a log that is no log says nothing, and harms nobody",
    arguments: ["garbage", "\n\n\n", "a b c\n", String(repeating: " ", count: 100_000)])
  func damaged(_ log: String) throws { #expect(try message(log: log).trimmingCharacters(in: .whitespaces) == "") }
}
