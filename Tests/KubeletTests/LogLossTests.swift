import KubeModel
import RuntimeAPI
import Store
import Testing

@testable import Kubelet

@Suite("Lost lines of logs", .timeLimit(.minutes(5))) struct LogLossTests {
  @Test("are an event of their pod and container; those of somebody else's pods are nobody's here")
  func event() async throws {
    let (stream, losses) = AsyncStream.makeStream(of: LogLoss.self)
    try await TestNode.with([.test()], logLosses: stream) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      for (uid, lines) in [("foreign", 1), ("u1", 12)] as [(String, UInt64)] {
        losses.yield(
          LogLoss(
            sandbox: SandboxMetadata(name: "web-node1", uid: uid, namespace: "default"), container: ContainerMetadata(name: "app"),
            lines: lines, reason: "No space left on device"))
      }
      await node.eventually("told") { (try? node.kubelet.events.list())?.contains { $0.reason == "LogLinesLost" } == true }
      let told = try node.kubelet.events.list().filter { $0.reason == "LogLinesLost" }
      #expect(told.map(\.message) == ["12 lines of the container's log could not be written: No space left on device"])
      #expect(told.map(\.type) == ["Warning"] && told.map(\.uid) == ["u1"] && told.map(\.field) == ["spec.containers{app}"])
    }
  }
}
