import CRIMapping
import LinuxSystem
import OCISpec
public import RuntimeAPI
import Synchronization

extension PodRuntime {
  public func podSandboxStatus(
    _ id: SandboxID, verbose: Bool
  ) async throws(RuntimeError) -> (status: SandboxStatus, info: [String: String]) {
    let sandbox = try await sandbox(id)
    var info: [String: String] = [:]
    if verbose {
      let record = sandbox.record
      let pid = sandbox.link?.pid ?? 0
      let (isReady, isClosed) = (sandbox.machine.phase == .ready, sandbox.machine.phase == .stopped)
      info["info"] = """
        {"pid":\(pid),"processStatus":"\(isReady ? "running" : "deleted")","netNamespaceClosed":\(isClosed),\
        "runtimeHandler":\(jsonText(record.handler)),"cgroupPath":\(jsonText(record.cgroup)),\
        "stateDirectory":\(jsonText(settings.sandboxDirectory(record.id.rawValue))),\
        "config":\(sandbox.resources.applied(to: record.config).jsonText()),"runtimeSpec":\(jsonText(pauseSpec(sandbox)))}
        """
    }
    var status = sandboxStatus(sandbox)
    status.timestamp = wallClockNanoseconds()
    status.containers = visibleContainers(of: sandbox.id).map(containerStatus)
    return (status, info)
  }

  /// As far as tools ask for it: where its namespaces are.
  private func pauseSpec(_ sandbox: Sandbox) -> RuntimeSpec {
    let namespaces = sandbox.record.config.securityContext.namespaces
    var kinds: [NamespaceSpec.Kind] = [.mount]
    if namespaces.network != .node { kinds += [.network, .uts] }
    if namespaces.ipc != .node { kinds.append(.ipc) }
    if namespaces.pid != .node { kinds.append(.pid) }
    var (spec, linux) = (RuntimeSpec(), LinuxSpec())
    linux.namespaces = kinds.map { NamespaceSpec(type: $0, path: Self.namespacePath(sandbox.pausePID, $0)) }
    linux.cgroupsPath = sandbox.record.cgroup
    spec.linux = linux
    return spec
  }

  public func listPodSandboxes(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxSummary] {
    try await wait(for: recovered)
    return state.withLock { Array($0.sandboxes.values) }.filter { sandbox in
      let record = sandbox.record
      return (filter.id.isEmpty || record.id.rawValue.hasPrefix(filter.id))
        && (filter.state.map { $0 == sandbox.machine.state } ?? true)
        && filter.labels.allSatisfy { record.config.labels[$0.key] == $0.value }
    }.sorted { $0.record.createdAt > $1.record.createdAt }.map { sandbox in
      let record = sandbox.record
      return SandboxSummary(
        id: record.id, metadata: record.config.metadata, state: sandbox.machine.state, createdAt: record.createdAt,
        labels: record.config.labels, annotations: record.config.annotations, runtimeHandler: record.handler)
    }
  }

  func sandboxStatus(_ sandbox: Sandbox) -> SandboxStatus {
    let (record, addresses) = (sandbox.record, sandbox.addresses)
    return SandboxStatus(
      id: record.id, metadata: record.config.metadata, state: sandbox.machine.state, createdAt: record.createdAt,
      ip: addresses.first ?? "", additionalIPs: Array(addresses.dropFirst()),
      namespaces: record.config.securityContext.namespaces, labels: record.config.labels, annotations: record.config.annotations,
      runtimeHandler: record.handler)
  }
}
