import Cgroups
import LinuxSystem
import PodNetwork
public import RuntimeAPI
import Synchronization

extension PodRuntime {
  /// What is on the node and belongs to nobody, and what could not be looked at. Empty on a healthy node.
  public func leaks() async throws(RuntimeError) -> [NodeLeak] {
    try await wait(for: recovered)
    let known = unreadable.withLock { $0 }
    // What is being made is not registered yet: a look is good when nothing was under way meanwhile.
    for _ in 0..<10 {
      let (isQuiet, changes) = state.withLock { ($0.running.isEmpty && $0.creating.isEmpty, $0.changes) }
      if isQuiet {
        let found = try await look() + damagedNetworks()
        if state.withLock({ $0.changes }) == changes { return known + found }
      }
      try? await Alarm.sleep(for: .milliseconds(50))
    }
    return known + [.unseen("sandboxes and containers", "some were being made or removed all the while; ask again")]
  }

  /// What plugins say of the networks they made (CHECK).
  private func damagedNetworks() async -> [NodeLeak] {
    guard let cni else { return [] }
    let ready = state.withLock { $0.sandboxes.values.filter { $0.machine.phase == .ready && !$0.record.usesHostNetwork } }
    return await cni.damaged(ready.map(\.id.rawValue)).map { NodeLeak(kind: "network", name: $0.owner, problem: $0.problem) }
  }

  private func look() async throws(RuntimeError) -> [NodeLeak] {
    do {
      let (sandboxes, containers) = state.withLock { ($0.sandboxes, $0.containers) }
      let (settings, cgroups, network, cni) = (settings, cgroups, network, cni)
      return try await runBlocking { () throws(any Error) in
        var leaks: [NodeLeak] = []
        func strangers(in directory: String, _ kind: String, _ problem: String, _ isKnown: (String) -> Bool) throws {
          for name in try listDirectory(directory) where !isKnown(name) {
            leaks.append(NodeLeak(kind: kind, name: "\(directory)/\(name)", problem: problem))
          }
        }
        try strangers(in: "\(settings.stateDirectory)/sandboxes", "directory", "belongs to no sandbox") {
          sandboxes[SandboxID($0)] != nil
        }
        try strangers(in: "\(settings.rootDirectory)/containers", "snapshot", "belongs to no container") {
          containers[ContainerID($0)] != nil
        }
        for (id, process) in try ShimProcess.all(in: "\(settings.stateDirectory)/sandboxes") where sandboxes[SandboxID(id)] == nil {
          leaks.append(NodeLeak(kind: "process", name: "podshim \(process.pid)", problem: "belongs to no sandbox"))
        }
        // Below our own parent and those of the sandboxes there is nothing else of ours.
        let parents = Set(sandboxes.values.map(\.record.cgroupParent)).union([Self.ownParent(settings)])
        for parent in parents {
          for name in try listDirectory(cgroups.cgroup(parent).directory) where Identifier.isWhole(name) {
            if sandboxes[SandboxID(name)] != nil || containers[ContainerID(name)] != nil { continue }
            leaks.append(NodeLeak(kind: "cgroup", name: "\(parent)/\(name)", problem: "belongs to no sandbox or container"))
          }
        }
        if let network {
          for owner in network.owners where sandboxes[SandboxID(owner)] == nil {
            leaks.append(NodeLeak(kind: "address", name: owner, problem: "a network of a sandbox that is gone"))
          }
          for link in try network.strayLinks() {
            leaks.append(NodeLeak(kind: "link", name: link, problem: "a port of the bridge that belongs to no sandbox"))
          }
        }
        for path in try cni?.strays({ sandboxes[SandboxID($0)] != nil }) ?? [] {
          leaks.append(NodeLeak(kind: "network", name: path, problem: "made by plugins for a sandbox that is gone"))
        }
        return leaks
      }
    } catch {
      throw runtimeError(error, "cannot look for leaks")
    }
  }
}
