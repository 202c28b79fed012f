import Foundation
import KubeModel
import LinuxSystem
import RuntimeAPI
import TestSupport
import Testing

@testable import Kubelet

@Suite("Rotation of logs", .timeLimit(.minutes(5))) struct LogRotationTests {
  private static let policy = LogRotationPolicy(maxSize: 100, maxFiles: 3, workers: 1, interval: .seconds(10))

  private func directory(_ node: TestNode) -> String { "\(node.logs)/default_web-node1_u1/app" }
  private func names(_ node: TestNode) -> [String] { ((try? listDirectory(directory(node))) ?? []).sorted() }

  /// As podshim does: into the file that has the name now.
  private func append(_ node: TestNode, _ text: String) throws {
    let path = "\(directory(node))/0.log"
    try FileManager.default.createDirectory(atPath: directory(node), withIntermediateDirectories: true)
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(filePath: path)) }
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  private func with(_ body: (TestNode) async throws -> Void) async throws {
    try await TestNode.with([.test()], logRotation: Self.policy) { node in
      // It is there before its container runs.
      try append(node, "")
      await node.eventually("ready") { node.container("app")?.ready == true }
      try await body(node)
    }
  }

  @Test(
    "a log that has become too large is set aside, compressed later, and goes at last; one that is not touched is not looked at")
  func rotated() async throws {
    try await with { node in
      let large = String(repeating: "x", count: 200)
      try append(node, "small\n")
      await node.pass(seconds: 20)
      #expect(names(node) == ["0.log"])
      for round in 1...4 {
        try append(node, "\(round) \(large)\n")
        await node.eventually("rotated", passing: 10) { node.runtime.calls.filter { $0.hasPrefix("reopenLog") }.count == round }
        await node.eventually("begun", passing: 10) { (try? HostFiles.facts("\(directory(node))/0.log")?.size) == 0 }
        let rotated = names(node).dropFirst()
        #expect(rotated.count == min(round, 2), "\(names(node))")
        // The newest is as it was, so that its readers come to its end.
        #expect(rotated.last?.hasSuffix(".gz") == false && rotated.dropLast().allSatisfy { $0.hasSuffix(".gz") }, "\(rotated)")
        let last = try String(contentsOfFile: "\(directory(node))/\(rotated.last ?? "")", encoding: .utf8)
        #expect(last == (round == 1 ? "small\n" : "") + "\(round) \(large)\n")
      }
    }
  }

  @Test("where the runtime does not begin a new one the log keeps its name, and it is tried again")
  func failed() async throws {
    try await with { node in
      node.runtime.failNext("reopenLog", RuntimeError(.unavailable, "not now"))
      try append(node, String(repeating: "x", count: 200))
      await node.eventually("tried", passing: 10) { node.runtime.calls.contains { $0.hasPrefix("reopenLog") } }
      await node.eventually("rotated", passing: 10) { names(node).count == 2 }
      #expect(try HostFiles.facts("\(directory(node))/\(names(node)[1])")?.size == 200)
    }
  }

  @Test("a log that somebody took away is begun again; that of a container that has ended is left alone")
  func gone() async throws {
    try await with { node in
      try FileManager.default.moveItem(atPath: "\(directory(node))/0.log", toPath: "\(directory(node))/taken")
      await node.eventually("begun", passing: 10) { names(node) == ["0.log", "taken"] }
      await node.settle()
      node.runtime.exit("app", code: 0)
      await node.eventually("ended") { node.runtime.running("app") == nil }
      await node.settle()
      try append(node, String(repeating: "x", count: 200))
      await node.pass(seconds: 9)
      #expect(names(node).filter { $0.hasPrefix("0.log") } == ["0.log"])
    }
  }
}
