import AgentSupport
import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import TestSupport
import Testing

/// Where criu works is in the node suite: not with every kernel.
@Suite("A checkpoint", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct CheckpointTests {
  @Test("is of a container that runs, into a file of an absolute path") func refused() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.create("c")
      let runtime = agent.runtime
      func refusal(_ id: ContainerID, _ location: String, _ timeout: Int64 = 0) async -> RuntimeError.Code? {
        await code { try await runtime.checkpointContainer(id, location: location, timeout: timeout) }
      }
      let place = "\(agent.base)/c.tar"
      #expect(await refusal(ContainerID(String(repeating: "0", count: 64)), place) == .notFound)
      #expect(await refusal(id, "") == .invalidArgument)
      #expect(await refusal(id, "c.tar") == .invalidArgument)
      #expect(await refusal(id, place, -1) == .invalidArgument)
      #expect(await refusal(id, place) == .failedPrecondition)
    }
  }

  @Test("that cannot be made leaves the container running and no file, and says why") func failed() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      let place = "\(agent.base)/nowhere/c.tar"
      await #expect(throws: RuntimeError.self) {
        try await agent.runtime.checkpointContainer(id, location: place, timeout: 0)
      }
      #expect(try await agent.runtime.containerStatus(id, verbose: false).status.state == .running)
      #expect(try await agent.exec(id, "echo lives") == "lives")
      #expect(!FileManager.default.fileExists(atPath: "\(agent.agent.root)/containers/\(id)/checkpoint"))
      #expect(!FileManager.default.fileExists(atPath: place))
    }
  }
}
