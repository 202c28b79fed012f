public import RuntimeAPI
import Synchronization

extension PodRuntime {
  public func podSandboxStatus(
    _ id: SandboxID, verbose: Bool
  ) async throws(RuntimeError) -> (status: SandboxStatus, info: [String: String]) {
    let sandbox = try sandbox(id)
    var info: [String: String] = [:]
    if verbose {
      let record = sandbox.record
      info["info"] = jsonText(
        SandboxInfo(
          pid: record.shimPID, cgroupPath: record.cgroup, stateDirectory: settings.sandboxDirectory(record.id.rawValue),
          config: record.config))
    }
    return (sandboxStatus(sandbox), info)
  }

  public func listPodSandboxes(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxSummary] {
    let sandboxes = state.withLock { Array($0.sandboxes.values) }
    return sandboxes.map(\.record).filter { record in
      (filter.id.isEmpty || record.id.rawValue.hasPrefix(filter.id))
        && (filter.state.map { $0 == Self.sandboxState(record) } ?? true)
        && filter.labels.allSatisfy { record.config.labels[$0.key] == $0.value }
    }.sorted { $0.createdAt > $1.createdAt }.map { record in
      SandboxSummary(
        id: record.id, metadata: record.config.metadata, state: Self.sandboxState(record), createdAt: record.createdAt,
        labels: record.config.labels, annotations: record.config.annotations, runtimeHandler: record.handler)
    }
  }

  static func sandboxState(_ record: SandboxRecord) -> SandboxState { record.phase == .ready ? .ready : .notReady }

  func sandboxStatus(_ sandbox: Sandbox) -> SandboxStatus {
    let record = sandbox.record
    return SandboxStatus(
      id: record.id, metadata: record.config.metadata, state: Self.sandboxState(record), createdAt: record.createdAt,
      ip: record.addresses.first ?? "", additionalIPs: Array(record.addresses.dropFirst()),
      namespaces: record.config.securityContext.namespaces, labels: record.config.labels, annotations: record.config.annotations,
      runtimeHandler: record.handler)
  }

  /// What verbose status shows beyond the CRI fields.
  private struct SandboxInfo: Encodable {
    let pid: Int32
    let cgroupPath: String
    let stateDirectory: String
    let config: SandboxConfig
  }
}
