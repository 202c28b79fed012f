import CRIClient
import Foundation
import Glibc
import Netlink
import RuntimeAPI
import Testing

/// An agent that serves the CRI only, with one pod, for the time of one test.
struct RuntimeAgent {
  let base: String
  let runtime: RemoteRuntime
  let sandbox: SandboxID
  let sandboxConfig: SandboxConfig

  /// - Parameter change: what the pod is to have beyond a name and logs.
  static func with(
    _ change: (inout SandboxConfig) -> Void = { _ in }, _ body: (RuntimeAgent) async throws -> Void
  ) async throws {
    let base = "/tmp/swiftlet-cri-\(getpid())"
    try? FileManager.default.removeItem(atPath: base)
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
    try NetlinkSocket.route().perform(RouteRequests.setUp(index: 1, name: "lo"))
    let process = try start(base)
    defer { stop(process, base) }
    let socket = "\(base)/state/swiftlet.sock"
    let runtime = RemoteRuntime(socketPath: socket, timeout: .seconds(30))
    let node = NodeClient(socketPath: socket)
    let answers = await eventually(20) { (try? await runtime.version()) != nil }
    try #require(answers, "the agent did not start: \((try? String(contentsOfFile: "\(base)/log", encoding: .utf8)) ?? "")")
    let fixtures = try #require(
      ProcessInfo.processInfo.environment["SWIFTLET_FIXTURES"], "SWIFTLET_FIXTURES names the directory of test images")
    for try await progress in try await node.importImage(path: "\(fixtures)/busybox.tar", pin: true) where progress.done { break }
    var config = SandboxConfig(
      metadata: SandboxMetadata(name: "cri", uid: "cri-uid", namespace: "default"), logDirectory: "\(base)/logs")
    change(&config)
    let sandbox = try await runtime.runPodSandbox(config, handler: "")
    try await body(RuntimeAgent(base: base, runtime: runtime, sandbox: sandbox, sandboxConfig: config))
    await runtime.close()
    await node.close()
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
    let result = try await runtime.execSync(id, command: ["sh", "-c", script], timeout: 10)
    return String(decoding: result.stdout, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  // MARK: The process

  private static func start(_ base: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("swiftlet")
    process.arguments = [
      "--runtime-only", "--root-dir", "\(base)/root", "--state-dir", "\(base)/state", "--bridge", "cri\(getpid())", "--pod-cidr",
      "10.98.0.0/24", "--cgroup-root", "/swiftlet-cri-\(getpid())", "--stop-pods-on-exit", "-v", "4",
    ]
    try Data().write(to: URL(fileURLWithPath: "\(base)/log"))
    let log = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(base)/log"))
    process.standardOutput = log
    process.standardError = log
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  private static func stop(_ process: Process, _ base: String) {
    process.terminate()
    process.waitForEnd()
    #expect(process.terminationStatus == 0, "the agent did not end well")
    try? FileManager.default.removeItem(atPath: base)
  }
}

func eventually(_ seconds: Double = 10, _ condition: () async throws -> Bool) async rethrows -> Bool {
  let end = ContinuousClock.now + .milliseconds(Int64(seconds * 1000))
  while try await !condition() {
    if ContinuousClock.now > end { return false }
    try? await Task.sleep(for: .milliseconds(20))
  }
  return true
}

/// The code of the error a call must end with.
func code(_ body: () async throws -> Void) async -> RuntimeError.Code? {
  do { try await body() } catch { return (error as? RuntimeError)?.code }
  return nil
}
