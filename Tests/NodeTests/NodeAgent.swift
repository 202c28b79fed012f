import AgentSupport
import CRIClient
import Foundation
import RuntimeAPI
import TestSupport
import Testing

/// The real agent on the virtual node, which is its own. Time is generous: the machine may be emulated.
enum NodeAgent {
  static func with(config: String = "", _ body: (AgentFixture) async throws -> Void) async throws {
    var options = AgentFixture.Options()
    options.images = ["busybox", "payload"]
    options.configuration = config
    options.ownsNode = true
    try await AgentFixture.with(options, body)
  }
}

extension AgentFixture {
  /// Puts a manifest in place at once.
  func apply(_ manifest: String, as name: String) throws { try writeManifest("\(name).yaml", manifest) }

  /// The newest container of this name in a state.
  func container(_ name: String, _ state: RuntimeAPI.ContainerState) async throws -> RuntimeAPI.ContainerStatus {
    var found: RuntimeAPI.ContainerStatus?
    let there = try await eventually(120) {
      let all = try await runtime.listContainers(ContainerFilter(state: state)).filter { $0.metadata.name == name }
      guard let newest = all.max(by: { $0.createdAt < $1.createdAt }) else { return false }
      found = try await status(newest.id)
      return true
    }
    if !there { throw Waiting("container \(name) is \(state)") }
    return try #require(found)
  }

  /// A file of a container's cgroup, found below the kubepods tree.
  func cgroupFile(_ container: RuntimeAPI.ContainerStatus, _ file: String) throws -> (path: String, text: String) {
    let tree = FileManager.default.enumerator(atPath: "/sys/fs/cgroup/kubepods")
    while let path = tree?.nextObject() as? String {
      if path.hasSuffix(container.id.rawValue) { return (path, cgroupText("\(path)/\(file)")) }
    }
    throw Waiting("a cgroup of \(container.id) below /sys/fs/cgroup/kubepods")
  }

  func cgroupText(_ path: String) -> String {
    ((try? String(contentsOfFile: "/sys/fs/cgroup/kubepods/\(path)", encoding: .utf8)) ?? "missing")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
