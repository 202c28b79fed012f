public import LinuxSystem
public import RuntimeAPI

extension PodRuntime {
  /// How long a connection inside a pod may take: there is no wire.
  private static let dialTimeout = Duration.seconds(10)

  /// The sandbox a port-forward is meant for.
  /// - Throws: `.notFound`, or `.failedPrecondition` when it is not ready.
  public func readySandbox(_ id: SandboxID) async throws(RuntimeError) -> SandboxID {
    try await ready(id).id
  }

  private func ready(_ id: SandboxID) async throws(RuntimeError) -> Sandbox {
    let sandbox = try await sandbox(id)
    guard sandbox.machine.phase == .ready else {
      throw RuntimeError(.failedPrecondition, "sandbox \(sandbox.id) is not ready: port-forward needs one that is")
    }
    return sandbox
  }

  /// Connects to what listens on a loopback address inside a pod, IPv4 first.
  public func dial(_ id: SandboxID, port: UInt16) async throws(RuntimeError) -> SharedDescriptor {
    let sandbox = try await ready(id)
    let namespace = sandbox.namespace
    guard namespace != nil || sandbox.record.usesHostNetwork else {
      throw RuntimeError(.unavailable, "the network of sandbox \(sandbox.id) is not known yet")
    }
    do throws(SystemCallError) {
      return try await LoopbackSocket.connect(port: port, in: namespace, within: Self.dialTimeout)
    } catch {
      throw RuntimeError(
        .unavailable, "nothing answers at port \(port) inside pod \(sandbox.record.config.metadata.name): \(error.reason)")
    }
  }
}
