import CRIClient
import Foundation
import RuntimeAPI
import Testing

/// The real agent on the virtual node, for one test: directories of its own, ended with its pods afterwards.
struct NodeAgent {
  let directory: String
  let runtime: RemoteRuntime
  private let process: Process

  static func with(config: String = "", _ body: (NodeAgent) async throws -> Void) async throws {
    let agent = try await start(config: config)
    do {
      try await body(agent)
    } catch {
      Issue.record("the agent's log:\n\(agent.log)")
      agent.end()
      throw error
    }
    agent.end()
    #expect(!FileManager.default.fileExists(atPath: "/sys/fs/cgroup/kubepods"), "the pods' cgroups are gone with them")
  }

  private static func start(config: String) async throws -> NodeAgent {
    let directory = "/tmp/node-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: "\(directory)/manifests", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: "\(directory)/images", withIntermediateDirectories: true)
    let fixtures = try #require(ProcessInfo.processInfo.environment["SWIFTLET_FIXTURES"])
    for name in ["busybox", "payload"] {
      try FileManager.default.copyItem(atPath: "\(fixtures)/\(name).tar", toPath: "\(directory)/images/\(name).tar")
    }
    try "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n\(config)"
      .write(toFile: "\(directory)/config.yaml", atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("swiftlet")
    process.arguments = [
      "--config", "\(directory)/config.yaml", "--root-dir", "\(directory)/root", "--state-dir", "\(directory)/state",
      "--pod-manifest-path", "\(directory)/manifests", "--image-dir", "\(directory)/images", "--pod-logs-dir", "\(directory)/logs",
      "--hostname-override", "node", "--healthz-port", "0", "--stop-pods-on-exit",
    ]
    try "".write(toFile: "\(directory)/log", atomically: false, encoding: .utf8)
    let output = FileHandle(forWritingAtPath: "\(directory)/log")
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let agent = NodeAgent(
      directory: directory, runtime: RemoteRuntime(socketPath: "\(directory)/state/swiftlet.sock"), process: process)
    try await agent.until("the agent answers") { (try? await agent.runtime.version()) != nil }
    return agent
  }

  var log: String { (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? "" }

  private func end() {
    process.terminate()
    process.waitForEnd()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Puts a manifest in place at once.
  func apply(_ manifest: String, as name: String) throws {
    try manifest.write(toFile: "\(directory)/\(name).tmp", atomically: false, encoding: .utf8)
    try FileManager.default.moveItem(atPath: "\(directory)/\(name).tmp", toPath: "\(directory)/manifests/\(name).yaml")
  }

  /// Waits for something that needs time on an emulated machine.
  func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<600 {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw TimedOut(what: what)
  }

  struct TimedOut: Error { let what: String }

  /// The newest container of this name in a state.
  func container(_ name: String, _ state: RuntimeAPI.ContainerState) async throws -> RuntimeAPI.ContainerStatus {
    var found: RuntimeAPI.ContainerStatus?
    try await until("container \(name) is \(state)") {
      let all = try await runtime.listContainers(ContainerFilter(state: state)).filter { $0.metadata.name == name }
      guard let newest = all.max(by: { $0.createdAt < $1.createdAt }) else { return false }
      found = try await runtime.containerStatus(newest.id, verbose: false).status
      return true
    }
    return try #require(found)
  }

  /// A file of a container's cgroup, found below the kubepods tree.
  func cgroupFile(_ container: RuntimeAPI.ContainerStatus, _ file: String) throws -> (path: String, text: String) {
    let tree = FileManager.default.enumerator(atPath: "/sys/fs/cgroup/kubepods")
    while let path = tree?.nextObject() as? String {
      guard path.hasSuffix(container.id.rawValue) else { continue }
      let text = try String(contentsOfFile: "/sys/fs/cgroup/kubepods/\(path)/\(file)", encoding: .utf8)
      return (path, text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    throw TimedOut(what: "no cgroup of \(container.id) below /sys/fs/cgroup/kubepods")
  }

  func cgroupText(_ path: String) -> String {
    ((try? String(contentsOfFile: "/sys/fs/cgroup/kubepods/\(path)", encoding: .utf8)) ?? "missing")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
