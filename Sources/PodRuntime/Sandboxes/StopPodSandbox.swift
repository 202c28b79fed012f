import Cgroups
import LinuxSystem
import PodNetwork
public import RuntimeAPI
import ShimCore

extension PodRuntime {
  /// Source: CRI StopPodSandbox. Kills every container, ends podshim, gives the network back. Idempotent. Success means that no process of
  /// the pod lives, whatever state its podshim is in.
  public func stopPodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    guard let sandbox = try await findSandbox(id) else { return }
    try await sandbox.gate.pass { () async throws(RuntimeError) in try await stop(sandbox) }
  }

  /// The caller holds the sandbox's gate: no container is being made.
  func stop(_ sandbox: Sandbox) async throws(RuntimeError) {
    guard sandbox.machine.phase != .stopped else { return }
    apply(.stopping, to: sandbox)
    let running = containers(of: sandbox.id).filter { !$0.machine.hasEnded }
    await withTaskGroup { group in
      // What does not end this way is killed below, and that decides.
      for container in running { group.addTask { try? await self.stop(container, timeout: 0) } }
    }
    if let link = sandbox.takeLink() {
      let told = (try? await link.call(.shutdown)) != nil
      if told { _ = await link.ended.wait(atMost: ShimLink.callTimeout) }
      link.close()
      // A podshim that does not answer tells no ends.
      failExecs(of: sandbox)
    }
    try await killProcesses(of: sandbox)
    sandbox.namespace = nil
    if !sandbox.record.usesHostNetwork {
      do { try await giveBackNetwork(of: sandbox.id.rawValue) } catch {
        throw runtimeError(error, "cannot give back the network of sandbox \(sandbox.id)")
      }
    }
    apply(.stopped, to: sandbox)
  }
}
