import AgentSupport
import CRIService
import Foundation
import Glibc
import Logging
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("An agent over another runtime", .timeLimit(.minutes(5)))
  struct OtherRuntimeTests {
    @Test("runs its pods there and makes nothing of its own runtime: no bridge, no store of images, no podshim")
    func nothingOfOurs() async throws {
      let other = FakeRuntime()
      var logger = Logger(label: "other")
      logger.logLevel = .critical
      let socket = "/tmp/swiftlet-it-other-\(getpid()).sock"
      let server = CRIServer(runtime: other, configuration: .init(socketPath: socket), logger: logger)
      let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
      let serving = Task { try await server.run { isListening.yield() } }
      for await _ in listening { break }
      try await AgentFixture.with(.init(images: [], arguments: ["--container-runtime-endpoint", "unix://\(socket)"])) { agent in
        let pod = """
          apiVersion: v1
          kind: Pod
          metadata: {name: web}
          spec:
            containers: [{name: app, image: busybox, imagePullPolicy: Never}]
          """
        try agent.writeManifest("web.yaml", pod)
        try await agent.waitForPod("web", "runs") { $0.isRunning }
        #expect(other.running("app") != nil)
        #expect(Leftovers(of: agent).links().isEmpty)
        #expect(Leftovers(of: agent).processes().isEmpty)
        #expect(!HostState.names(agent.root).contains { ["content", "layers", "containers"].contains($0) })
        try agent.removeManifest("web.yaml")
        try await agent.waitUntilGone("web")
        #expect(other.calls.contains { $0.hasPrefix("removeSandbox") })
      }
      serving.cancel()
      try await serving.value
    }
  }
}
