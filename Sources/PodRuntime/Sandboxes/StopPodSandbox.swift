import Cgroups
import LinuxSystem
import PodNetwork
public import RuntimeAPI
import ShimCore

extension PodRuntime {
  /// Source: CRI StopPodSandbox. Kills every container, ends podshim, gives the network back. Idempotent.
  public func stopPodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    guard let sandbox = try findSandbox(id) else { return }
    try await sandbox.gate.pass { () async throws(RuntimeError) in try await stop(sandbox) }
  }

  /// The caller holds the sandbox's gate.
  func stop(_ sandbox: Sandbox) async throws(RuntimeError) {
    let running = containers(of: sandbox.id).filter { !$0.exited.isOpen }
    await withTaskGroup { group in
      for container in running { group.addTask { try? await self.stop(container, timeout: 0) } }
    }
    do {
      if let shim = sandbox.shim {
        // Before it ends: an end that nobody asked for is an error, this one is not.
        sandbox.shim = nil
        _ = try? await shim.call(.shutdown)
        if !(await shim.closed.wait(atMost: .seconds(10))) { shim.end() }
      }
      let cgroup = cgroups.cgroup(sandbox.record.cgroup)
      try await runBlocking { try cgroup.killAndWait() }
      sandbox.namespace = nil
      if !sandbox.record.usesHostNetwork, let network {
        let owner = sandbox.id.rawValue
        try await runBlocking { () throws(PodNetworkError) in try network.detach(owner: owner) }
      }
    } catch {
      throw runtimeError(error, "cannot stop sandbox \(sandbox.id)")
    }
    let wasReady = sandbox.record.phase == .ready
    if wasReady || !sandbox.record.addresses.isEmpty {
      try save(
        sandbox.update { record in
          record.phase = .notReady
          record.addresses = []
          record.shimPID = 0
        })
    }
    if wasReady { publish(.stopped, sandbox: sandbox) }
  }
}
