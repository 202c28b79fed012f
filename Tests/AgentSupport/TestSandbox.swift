import CRIClient
import Foundation
package import RuntimeAPI
import TestSupport

/// A pod made through the CRI, with containers of it.
package struct TestSandbox: Sendable {
  package let agent: AgentFixture
  package let id: SandboxID
  package let config: SandboxConfig

  /// Creates a container; `payload` unless `change` says otherwise.
  package func create(
    _ name: String, _ args: [String] = [], image: String = "payload", attempt: UInt32 = 0,
    _ change: (inout ContainerConfig) -> Void = { _ in }
  ) async throws -> ContainerID {
    var container = ContainerConfig(
      metadata: ContainerMetadata(name: name, attempt: attempt), image: ImageSpec(image: "localhost/\(image):latest"), args: args,
      logPath: "\(name)-\(attempt).log")
    change(&container)
    return try await agent.runtime.createContainer(container, in: id, sandboxConfig: config)
  }

  package func start(
    _ name: String, _ args: [String] = [], image: String = "payload", _ change: (inout ContainerConfig) -> Void = { _ in }
  ) async throws -> ContainerID {
    let container = try await create(name, args, image: image, change)
    try await agent.runtime.startContainer(container)
    return container
  }

  /// Runs a container to its end; returns what it printed.
  package func run(
    _ name: String, _ args: [String] = [], image: String = "payload", _ change: (inout ContainerConfig) -> Void = { _ in }
  ) async throws -> (status: ContainerStatus, text: String) {
    let container = try await start(name, args, image: image, change)
    let status = try await agent.waitForExit(container)
    return (status, ContainerLog(status.logPath).text)
  }

  /// Runs a shell script of busybox to its end, with both streams as one: of two nobody knows which line came first.
  package func shell(
    _ name: String, _ script: String, _ change: (inout ContainerConfig) -> Void = { _ in }
  ) async throws -> (status: ContainerStatus, text: String) {
    try await run(name, ["sh", "-c", "exec 2>&1\n" + script], image: "busybox", change)
  }

  /// A busybox that stays, for execs.
  package func stay(_ name: String, _ change: (inout ContainerConfig) -> Void = { _ in }) async throws -> ContainerID {
    try await start(name, ["sleep", "100000"], image: "busybox", change)
  }

  package func remove() async throws { try await agent.runtime.removePodSandbox(id) }
}

extension AgentFixture {
  package func sandboxConfig(_ name: String) -> SandboxConfig {
    SandboxConfig(
      metadata: SandboxMetadata(name: name, uid: "\(name)-uid", namespace: "default"), hostname: name,
      logDirectory: "\(logs)/\(name)")
  }

  package func sandbox(_ name: String, _ change: (inout SandboxConfig) -> Void = { _ in }) async throws -> TestSandbox {
    var config = sandboxConfig(name)
    change(&config)
    return TestSandbox(agent: self, id: try await runtime.runPodSandbox(config, handler: ""), config: config)
  }

  package func status(_ id: ContainerID) async throws -> ContainerStatus {
    try await runtime.containerStatus(id, verbose: false).status
  }

  package func waitForExit(_ id: ContainerID, seconds: Double = 60) async throws -> ContainerStatus {
    let ended = try await eventually(seconds) { try await status(id).state == .exited }
    if !ended { throw Waiting("the end of container \(id)") }
    return try await status(id)
  }

  /// Waits until a container's log has this text.
  package func waitForOutput(_ id: ContainerID, _ text: String) async throws {
    let path = try await status(id).logPath
    if !(await eventually { ContainerLog(path).text.contains(text) }) { throw Waiting("container \(id) says \(text)") }
  }

  /// Its process id on the host, from the verbose status as crictl shows it.
  package func hostPID(_ id: ContainerID) async throws -> Int32 {
    struct Info: Decodable { var pid: Int32 }
    let text = try await runtime.containerStatus(id, verbose: true).info["info"] ?? ""
    return try JSONDecoder().decode(Info.self, from: Data(text.utf8)).pid
  }

  /// A file of a running container's cgroup, as the kernel has it; "" when there is none.
  package func cgroupFile(_ id: ContainerID, _ file: String) async throws -> String {
    let lines = HostState.text("/proc/\(try await hostPID(id))/cgroup").split(separator: "\n")
    guard let mount = HostState.cgroupMount, let path = lines.first(where: { $0.hasPrefix("0::") })?.dropFirst(3) else { return "" }
    return HostState.text("\(mount)\(path)/\(file)").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Processes of this agent's pods with this text in their command line.
  package func processes(_ text: String) -> Int { Leftovers(of: self).processes().filter { $0.text.contains(text) }.count }
}
