import Foundation
import KubeModel
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("What a pod that lives long leaves behind", .timeLimit(.minutes(5))) struct OldRunsTests {
  @Test("logs and termination messages of the last two runs are kept, older ones go with their containers")
  func files() async throws {
    try await TestNode.with([.test()]) { node in
      let logs = "\(node.root)/logs/default_web-node1_u1/app"
      for attempt in 0..<3 {
        await node.eventually("run \(attempt)", passing: 1) {
          node.container("app")?.state?.running != nil && node.container("app")?.restartCount == Int32(attempt)
        }
        // What the runtime writes.
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
        for name in ["\(attempt).log", "\(attempt).log.20260101-000000"] {
          try Data("x".utf8).write(to: URL(fileURLWithPath: "\(logs)/\(name)"))
        }
        if attempt < 2 { node.runtime.exit("app", code: 1) }
      }
      await node.eventually("only two runs") {
        (try? FileManager.default.contentsOfDirectory(atPath: logs).sorted())
          == ["1.log", "1.log.20260101-000000", "2.log", "2.log.20260101-000000"]
      }
      let messages = "\(node.root)/pods/u1/containers/app"
      #expect(try FileManager.default.contentsOfDirectory(atPath: messages).sorted() == ["00000001", "00000002"])
      #expect(node.runtime.state.withLock { $0.containers.values.map(\.metadata.attempt).sorted() } == [1, 2])
    }
  }
}
