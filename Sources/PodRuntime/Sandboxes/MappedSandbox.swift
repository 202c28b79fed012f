import LinuxRuntime
import LinuxSystem
import PodNetwork
import RuntimeAPI
import ShimCore

extension PodRuntime {
  /// A pod with a user namespace. Its network namespace must belong to that, or nothing in the pod could mount sysfs or configure an
  /// interface, so pause makes it: the network comes after pause.
  func buildMapped(_ sandbox: Sandbox, _ made: SandboxRecord, undo: Undo) async throws -> Sandbox {
    var record = made
    let (id, config) = (sandbox.id, record.config)
    let started = try await startShim(sandbox, undo: undo)
    let pid = try await traces.measure(.pause, config.metadata.uid) { try await startPause(config, started, nil) }
    // Only the host's root lowers a score.
    if kernel.canRaiseLimits { try? await runBlocking { try writeFile("/proc/\(pid)/oom_score_adj", "-998") } }
    var namespace: SharedDescriptor?
    if config.securityContext.namespaces.network != .node {
      namespace = try await started.link.call(.namespaces(flags: Namespace.net)).descriptors.first
      guard let namespace else { throw RuntimeError(.internalError, "podshim gave no network namespace") }
      let attached = try await attachNetwork(id, config, namespace)
      undo.push("network of \(id)") { [self] in await detachNetwork(id) }
      record.addresses = attached?.addresses ?? []
      try await setNetworkSysctls(config, in: namespace)
    }
    record.isMade = true
    undo.push("rows of \(id)") { [records] in try await records.release { try records.remove(id, $0) } }
    let final = record
    try await traces.measure(.rows, config.metadata.uid) { try await save(final) }
    try Faults.check(.sandboxReady)
    record.config.wire = WireForm()
    sandbox.setRecord(record)
    sandbox.pausePID = pid
    sandbox.namespace = namespace
    return sandbox
  }

  /// After the network, which sets some of its own: the pod has the last word.
  private func setNetworkSysctls(_ config: SandboxConfig, in namespace: SharedDescriptor) async throws {
    let values = config.sysctls.filter { $0.key.hasPrefix("net.") || $0.key.hasPrefix("net/") }
    if values.isEmpty { return }
    try await runBlocking { () throws(any Error) in
      try NetworkNamespace.run(in: namespace) { () throws(RuntimeError) in
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
          do { try writeFile("/proc/sys/\(SetupProgramBuilder.sysctlPath(name))", value) } catch {
            throw RuntimeError(.invalidArgument, "sysctl \(name)=\(value)", cause: error)
          }
        }
      }.get()
    }
  }
}
