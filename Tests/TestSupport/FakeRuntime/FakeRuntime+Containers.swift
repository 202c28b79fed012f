import LinuxSystem
package import RuntimeAPI
import Synchronization

extension FakeRuntime {
  package func createContainer(
    _ config: ContainerConfig, in sandbox: SandboxID, sandboxConfig: SandboxConfig
  ) async throws(RuntimeError) -> ContainerID {
    try await command("create", "\(config.metadata.name)/\(config.metadata.attempt)") { () throws(RuntimeError) in
      let now = now()
      let (id, owner, isNew) = try change { state throws(RuntimeError) -> (ContainerID, SandboxID, Bool) in
        let owner = try Self.sandbox(state, sandbox)
        guard owner.state == .ready else { throw RuntimeError(.failedPrecondition, "sandbox \(owner.id) is not ready") }
        if let old = state.containers.values.first(where: { $0.metadata == config.metadata && $0.sandboxID == owner.id }) {
          guard old.state == .created || old.state == .running else {
            throw RuntimeError(.alreadyExists, "the name of container \(config.metadata.name) is taken by \(old.id)")
          }
          return (old.id, owner.id, false)
        }
        guard let image = Self.image(state, config.image.image) else {
          throw RuntimeError(.notFound, "image \(config.image.image) is not here: pull or import it first")
        }
        let id = ContainerID(Self.newID(&state))
        state.containerConfigs[id] = config
        let directory = state.sandboxConfigs[owner.id]?.logDirectory ?? ""
        state.containers[id.rawValue] = ContainerStatus(
          id: id, sandboxID: owner.id, metadata: config.metadata, state: .created, createdAt: now, image: config.image,
          imageRef: image.id.rawValue, imageID: image.id.rawValue, labels: config.labels, annotations: config.annotations,
          mounts: config.mounts, logPath: config.logPath.isEmpty ? "" : "\(directory)/\(config.logPath)",
          resources: config.resources, user: ContainerUser(uid: 0, gid: 0, supplementalGroups: [0]), stopSignal: 23)
        return (id, owner.id, true)
      }
      if isNew { publish(.created, id.rawValue, in: owner) }
      return id
    }
  }

  private func name(_ id: ContainerID) -> String {
    state.withLock { (try? Self.container($0, id))?.metadata.name ?? id.rawValue }
  }

  package func startContainer(_ id: ContainerID) async throws(RuntimeError) {
    try await command("start", name(id)) { () throws(RuntimeError) in
      let now = now()
      let status = try change { state throws(RuntimeError) in
        let status = try Self.container(state, id)
        guard status.state == .created else {
          throw RuntimeError(.failedPrecondition, "container \(status.id) is \(status.state), only a created one starts")
        }
        state.containers[status.id.rawValue]?.state = .running
        state.containers[status.id.rawValue]?.startedAt = now
        return status
      }
      publish(.started, status.id.rawValue, in: status.sandboxID)
    }
  }

  package func stopContainer(_ id: ContainerID, timeout: Int64) async throws(RuntimeError) {
    let name = name(id)
    try await command("stop", name) { () throws(RuntimeError) in
      let now = now()
      let (event, waitsFor) = state.withLock { state -> (RuntimeEvent?, String?) in
        state.stopTimeouts[name] = timeout
        guard let status = try? Self.container(state, id), status.state == .running else { return (nil, nil) }
        if timeout > 0, state.troubles.stubborn.contains(name) { return (nil, status.id.rawValue) }
        return (Self.end(&state, status.id.rawValue, code: timeout > 0 ? 143 : 137, now: now), nil)
      }
      if let event { publish(event) }
      if let waitsFor { try await waitForEnd(of: waitsFor) }
    }
  }

  package func removeContainer(_ id: ContainerID) async throws(RuntimeError) {
    try await command("remove", id.rawValue) { () throws(RuntimeError) in
      let now = now()
      let events = state.withLock { state -> [RuntimeEvent] in
        guard let status = try? Self.container(state, id) else { return [] }
        var events: [RuntimeEvent] = []
        if status.state == .running { events.append(Self.end(&state, status.id.rawValue, code: 137, now: now)) }
        state.containers[status.id.rawValue] = nil
        events.append(Self.event(state, .deleted, status.id.rawValue, in: status.sandboxID, now: now))
        return events
      }
      events.forEach(publish)
    }
  }

  package func containerStatus(
    _ id: ContainerID, verbose: Bool
  ) async throws(RuntimeError) -> (status: ContainerStatus, info: [String: String]) {
    try await query("status") { () throws(RuntimeError) in
      let status = try change { state throws(RuntimeError) in
        var status = try Self.container(state, id)
        if state.troubles.unknown.contains(status.metadata.name) { status.state = .unknown }
        return status
      }
      return (status, verbose ? ["info": #"{"pid":4712}"#] : [:])
    }
  }

  package func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerSummary] {
    try await query("list") { () throws(RuntimeError) in
      let (all, unknown) = state.withLock { (Array($0.containers.values), $0.troubles.unknown) }
      return all.map { status in
        var status = status
        if unknown.contains(status.metadata.name) { status.state = .unknown }
        return status
      }
      .filter { status in
        status.id.rawValue.hasPrefix(filter.id) && (filter.state == nil || filter.state == status.state)
          && status.sandboxID.rawValue.hasPrefix(filter.sandboxID)
          && filter.labels.allSatisfy { status.labels[$0.key] == $0.value }
      }
      .sorted { $0.createdAt < $1.createdAt }
      .map {
        ContainerSummary(
          id: $0.id, sandboxID: $0.sandboxID, metadata: $0.metadata, image: $0.image, imageRef: $0.imageRef, imageID: $0.imageID,
          state: $0.state, createdAt: $0.createdAt, labels: $0.labels, annotations: $0.annotations)
      }
    }
  }

  package func updateContainerResources(_ id: ContainerID, _ resources: LinuxResources) async throws(RuntimeError) {
    try await command("update", name(id)) { () throws(RuntimeError) in
      try change { state throws(RuntimeError) in
        let id = try Self.container(state, id).id
        state.containers[id.rawValue]?.resources = resources
      }
    }
  }

  package func checkpointContainer(_ id: ContainerID, location: String, timeout: Int64) async throws(RuntimeError) {
    try await command("checkpoint", name(id)) { () throws(RuntimeError) in try requireRunning(id) }
  }

  package func reopenContainerLog(_ id: ContainerID) async throws(RuntimeError) {
    try await command("reopenLog", name(id)) { () throws(RuntimeError) in
      try requireRunning(id)
      // As a runtime does, where there is a directory for it.
      let log = try change { state throws(RuntimeError) in try Self.container(state, id).logPath }
      if !log.isEmpty { try? makePrivateFile(log) }
    }
  }

  private func requireRunning(_ id: ContainerID) throws(RuntimeError) {
    try change { state throws(RuntimeError) in
      guard try Self.container(state, id).state == .running else {
        throw RuntimeError(.failedPrecondition, "container \(id) does not run")
      }
    }
  }

  /// `echo WORDS`, `sleep SECONDS`, `bytes COUNT`, `false`; others end with what `execResults` says.
  package func execSync(_ id: ContainerID, command words: [String], timeout: Int64) async throws(RuntimeError) -> ExecResult {
    try await command("exec", words.joined(separator: " ")) { () throws(RuntimeError) in
      try requireRunning(id)
      let word = words.first ?? ""
      if let code = state.withLock({ $0.execResults[word] }) { return ExecResult(exitCode: code) }
      switch word {
      case "false": return ExecResult(stderr: Array("failed\n".utf8), exitCode: 1)
      case "echo": return ExecResult(stdout: Array((words.dropFirst().joined(separator: " ") + "\n").utf8))
      case "bytes": return ExecResult(stdout: [UInt8](repeating: 0x61, count: Int(words[1]) ?? 0))
      case "sleep":
        let seconds = Int64(words[1]) ?? 0
        do { try await Task.sleep(for: .seconds(timeout > 0 ? min(timeout, seconds) : seconds)) } catch {
          state.withLock { $0.cancelledExecs += 1 }
          throw RuntimeError(.cancelled, "the caller is gone; sleep was killed")
        }
        if timeout > 0, timeout < seconds { throw RuntimeError(.deadlineExceeded, "sleep did not end within \(timeout) s") }
        return ExecResult()
      default: return ExecResult()
      }
    }
  }
}
