package import RuntimeAPI
import Synchronization

extension FakeRuntime {
  package func runPodSandbox(_ config: SandboxConfig, handler: String) async throws(RuntimeError) -> SandboxID {
    try await command("runSandbox", "\(config.metadata.name)/\(config.metadata.attempt)") { () throws(RuntimeError) in
      guard handler.isEmpty else { throw RuntimeError(.invalidArgument, "unknown runtime handler \"\(handler)\"") }
      let now = now()
      let (id, isNew) = try change { state throws(RuntimeError) -> (SandboxID, Bool) in
        if let old = state.sandboxes.values.first(where: { $0.metadata == config.metadata }) {
          guard old.state == .ready else {
            throw RuntimeError(.alreadyExists, "the name of pod \(config.metadata.name) is taken by stopped sandbox \(old.id)")
          }
          return (old.id, false)
        }
        let number = state.sandboxes.count + 2
        let id = SandboxID(Self.newID(&state))
        state.sandboxConfigs[id] = config
        state.sandboxes[id.rawValue] = SandboxStatus(
          id: id, metadata: config.metadata, state: .ready, createdAt: now, ip: "10.88.0.\(number)",
          additionalIPs: ["fd00::\(number)"], namespaces: config.securityContext.namespaces, labels: config.labels,
          annotations: config.annotations)
        return (id, true)
      }
      if isNew { for kind in [RuntimeEvent.Kind.created, .started] { publish(kind, id.rawValue, in: id) } }
      return id
    }
  }

  package func stopPodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    try await command("stopSandbox", id.rawValue) { () throws(RuntimeError) in endSandbox(id) }
  }

  private func endSandbox(_ id: SandboxID) {
    let now = now()
    let events = state.withLock { state in
      (try? Self.sandbox(state, id)).map { Self.end(&state, sandbox: $0.id, code: 137, now: now) } ?? []
    }
    events.forEach(publish)
  }

  package func removePodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    try await command("removeSandbox", id.rawValue) { () throws(RuntimeError) in
      endSandbox(id)
      let now = now()
      let events = state.withLock { state -> [RuntimeEvent] in
        guard let id = try? Self.sandbox(state, id).id else { return [] }
        let containers = state.containers.values.filter { $0.sandboxID == id }.map(\.id.rawValue)
        for container in containers { state.containers[container] = nil }
        state.sandboxes[id.rawValue] = nil
        return (containers + [id.rawValue]).map { Self.event(state, .deleted, $0, in: id, now: now) }
      }
      events.forEach(publish)
    }
  }

  package func podSandboxStatus(
    _ id: SandboxID, verbose: Bool
  ) async throws(RuntimeError) -> (status: SandboxStatus, info: [String: String]) {
    try await query("sandboxStatus") { () throws(RuntimeError) in
      (try change { state throws(RuntimeError) in try Self.sandbox(state, id) }, verbose ? ["info": #"{"pid":4711}"#] : [:])
    }
  }

  package func updatePodSandboxResources(
    _ id: SandboxID, overhead: LinuxResources?, resources: LinuxResources?
  ) async throws(RuntimeError) {
    _ = try change { state throws(RuntimeError) in try Self.sandbox(state, id) }
  }

  package func listPodSandboxes(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxSummary] {
    try await query("listSandboxes") { () throws(RuntimeError) in
      let all = state.withLock { Array($0.sandboxes.values) }
      return all.filter { status in
        status.id.rawValue.hasPrefix(filter.id) && (filter.state == nil || filter.state == status.state)
          && filter.labels.allSatisfy { status.labels[$0.key] == $0.value }
      }
      .sorted { $0.createdAt < $1.createdAt }
      .map {
        SandboxSummary(
          id: $0.id, metadata: $0.metadata, state: $0.state, createdAt: $0.createdAt, labels: $0.labels,
          annotations: $0.annotations)
      }
    }
  }
}
