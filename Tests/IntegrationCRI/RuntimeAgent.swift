import AgentSupport
import CRIClient
import Foundation
import RuntimeAPI
import TestSupport

/// An agent that serves the CRI only, with one pod, for the time of one test.
struct RuntimeAgent {
  let agent: AgentFixture
  let sandbox: SandboxID
  let sandboxConfig: SandboxConfig

  var base: String { agent.base }
  var runtime: RemoteRuntime { agent.runtime }

  /// - Parameters:
  ///   - arguments: of the agent.
  ///   - change: what the pod is to have beyond a name and logs.
  static func with(
    arguments: [String] = [], _ change: (inout SandboxConfig) -> Void = { _ in }, _ body: (RuntimeAgent) async throws -> Void
  ) async throws {
    var options = AgentFixture.Options()
    options.runtimeOnly = true
    options.images = ["busybox"]
    options.arguments = arguments
    try await AgentFixture.with(options) { agent in
      var config = SandboxConfig(
        metadata: SandboxMetadata(name: "cri", uid: "cri-uid", namespace: "default"), logDirectory: "\(agent.base)/logs")
      change(&config)
      let sandbox = try await agent.runtime.runPodSandbox(config, handler: "")
      try await body(RuntimeAgent(agent: agent, sandbox: sandbox, sandboxConfig: config))
    }
  }

  func create(
    _ name: String, _ script: String = "exec sleep 1000", change: (inout ContainerConfig) -> Void = { _ in }
  ) async throws -> ContainerID {
    var container = ContainerConfig(
      metadata: ContainerMetadata(name: name), image: ImageSpec(image: "localhost/busybox:latest"), command: ["sh", "-c", script],
      logPath: "\(name).log")
    change(&container)
    return try await runtime.createContainer(container, in: sandbox, sandboxConfig: sandboxConfig)
  }

  func start(
    _ name: String, _ script: String = "exec sleep 1000", change: (inout ContainerConfig) -> Void = { _ in }
  ) async throws -> ContainerID {
    let id = try await create(name, script, change: change)
    try await runtime.startContainer(id)
    return id
  }

  /// What a script prints in a running container.
  func exec(_ id: ContainerID, _ script: String) async throws -> String {
    try await agent.exec(id, ["sh", "-c", script], timeout: 10).output
  }
}

/// The code of the error a call must end with.
func code(_ body: () async throws -> Void) async -> RuntimeError.Code? {
  do { try await body() } catch { return (error as? RuntimeError)?.code }
  return nil
}
