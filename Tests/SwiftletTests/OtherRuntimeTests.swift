import ArgumentParser
import CRIService
import Foundation
import Logging
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import swiftlet

@Suite("A runtime that is not the agent's own", .timeLimit(.minutes(5))) struct OtherRuntimeTests {
  @Test("must use the cgroup driver of the kubelet's tree", arguments: [(CgroupDriver.cgroupfs, true), (.systemd, false)])
  func driver(driver: CgroupDriver, isAccepted: Bool) async throws {
    let fake = FakeRuntime()
    fake.state.withLock { $0.driver = driver }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let socket = "/tmp/swiftlet-other-\(UUID().uuidString.prefix(8)).sock"
    let server = CRIServer(runtime: fake, configuration: .init(socketPath: socket), logger: logger)
    let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
    let serving = Task { try await server.run { isListening.yield() } }
    for await _ in listening { break }
    let settings = try Swiftlet.parse(["--container-runtime-endpoint", "unix://\(socket)"]).settings()
    let agent = Agent(settings: settings, logger: logger)
    if isAccepted {
      #expect(try await agent.runtime(nil).version().runtimeName == "fake")
    } else {
      let error = await #expect(throws: RuntimeError.self) { try await agent.runtime(nil) }
      #expect(error?.code == .failedPrecondition && error?.message.contains("SystemdCgroup = false") == true)
    }
    serving.cancel()
    try await serving.value
  }
}
