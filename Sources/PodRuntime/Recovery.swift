import Cgroups
import Images
import LinuxRuntime
import LinuxSystem
import Logging
import PodNetwork
public import RuntimeAPI
import ShimCore
import Store
import Synchronization

/// What a start found and repaired.
public struct RecoveryReport: Sendable {
  public var sandboxes = 0
  public var containers = 0
  /// What was left by an interrupted creation or removal, as sentences.
  public var repaired: [String] = []
}

extension PodRuntime {
  /// Takes over what an earlier agent left: reconnects to every podshim, learns exits that happened meanwhile, undoes half-made things,
  /// removes what no record explains. Call once, before serving.
  public func recover() async throws(RuntimeError) -> RecoveryReport {
    var report = RecoveryReport()
    let sandboxes: [SandboxRecord]
    let containers: [ContainerRecord]
    do {
      sandboxes = try sandboxRecords.all()
      containers = try containerRecords.all()
    } catch {
      throw RuntimeError(.internalError, "cannot read the runtime's records", cause: error)
    }
    warmUp()
    for record in sandboxes where record.phase != .creating { adopt(record, containers.filter { $0.sandboxID == record.id }) }
    await withTaskGroup { group in
      for sandbox in state.withLock({ Array($0.sandboxes.values) }) { group.addTask { await self.reconnect(sandbox) } }
    }
    for record in containers where record.phase == .creating {
      await discard(owner: record.id.rawValue, cgroups: [record.cgroup], report: &report)
      try? containerRecords.remove(record.id.rawValue)
    }
    for record in sandboxes where record.phase == .creating {
      var paths = [record.cgroup]
      if record.ownsCgroupParent { paths.append(record.cgroupParent) }
      await discard(owner: record.id.rawValue, cgroups: paths, report: &report)
      try? sandboxRecords.remove(record.id.rawValue)
    }
    let live = Set(state.withLock { $0.sandboxes.keys.map(\.rawValue) })
    await sweep(live: live.union(state.withLock { $0.containers.keys.map(\.rawValue) }), report: &report)
    if let network {
      do {
        let found = try await network.reconcile(liveOwners: live)
        report.repaired += found.sentences
        for failure in found.failures { logger.error("Network not repaired", metadata: ["error": "\(failure)"]) }
      } catch {
        logger.error("Network not reconciled", metadata: ["error": "\(error)"])
      }
    }
    let owners = Set(state.withLock { $0.containers.keys.map(\.rawValue) })
    let unknown = try? await runBlocking { [images] () throws(ImageError) in try images.removeSnapshots(except: owners) }
    for owner in unknown ?? [] { report.repaired.append("removed the writable layer of \(owner), which no container has") }
    report.sandboxes = live.count
    report.containers = state.withLock { $0.containers.count }
    return report
  }

  /// Compiles the seccomp filters every first pod needs (20 ms each) while the agent starts.
  private func warmUp() {
    let seccomp = seccomp
    warming.withLock { task in
      task = Task {
        await runBlocking {
          let names = (try? CapabilitySet.effective())?.names ?? []
          for capabilities in [[], names] { _ = try? seccomp.compile(SeccompProfile.runtimeDefault(capabilities: capabilities)) }
        }
      }
    }
  }

  private func adopt(_ record: SandboxRecord, _ containers: [ContainerRecord]) {
    let sandbox = Sandbox(record)
    state.withLock { state in
      state.sandboxes[record.id] = sandbox
      state.sandboxKeys[SandboxRecord.key(record.config.metadata)] = record.id
      for container in containers where container.phase != .creating {
        state.containers[container.id] = Container(container)
        state.containerKeys[ContainerRecord.key(sandbox: record.id, container.config.metadata)] = container.id
      }
    }
  }

  /// Connects to the sandbox's podshim and brings every record up to date with it.
  private func reconnect(_ sandbox: Sandbox) async {
    let directory = settings.sandboxDirectory(sandbox.id.rawValue)
    do {
      let stream = try UnixStream.connect(directory: directory, name: "shim.sock")
      let shim = try ShimConnection(stream) { [weak self, weak sandbox] event in
        guard let self, let sandbox else { return }
        handle(event, of: sandbox)
      }
      let hello = try await shim.call(.hello(version: ShimProtocol.version))
      guard case .hello(_, let pid) = hello.reply else { throw ShimError.gone }
      sandbox.shim = shim
      _ = sandbox.update { $0.shimPID = pid }
      let process = try PidFD(opening: pid)
      if !sandbox.record.usesHostNetwork {
        // CLONE_NEWNET
        sandbox.namespace = try? await shim.call(.namespaces(flags: 0x4000_0000)).descriptors.first
      }
      guard case .processes(let entries) = try await shim.call(.list).reply else { throw ShimError.gone }
      reconcile(sandbox, entries)
      watchShim(process, shim, of: sandbox)
    } catch {
      await lost(sandbox, error)
    }
  }

  private func reconcile(_ sandbox: Sandbox, _ entries: [ProcessEntry]) {
    let byID = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    if byID[""].map({ $0.phase == .exited }) ?? true, sandbox.record.phase == .ready {
      if (try? save(sandbox.update { $0.phase = .notReady })) != nil { publish(.stopped, sandbox: sandbox) }
    }
    for container in containers(of: sandbox.id) where !container.exited.isOpen {
      switch byID[container.id.rawValue] {
      case .some(let entry) where entry.phase == .exited: record(entry.exit, of: container)
      case .some(let entry) where entry.phase == .running:
        try? save(
          container.update { record in
            record.phase = .running
            record.pid = entry.pid
          })
      case .some:
        // Still waits for its start: the agent died before it sent the request, and whoever asked for it asks again.
        guard container.record.phase == .starting else { break }
        try? save(
          container.update { record in
            record.phase = .created
            record.startedAt = 0
          })
      case .none: restoreExit(of: container)
      }
    }
  }

  /// podshim does not answer: after a reboot, or it was killed. Nothing of the sandbox can run; exit records may still tell.
  private func lost(_ sandbox: Sandbox, _ reason: any Error) async {
    let paths = [sandbox.record.cgroup] + containers(of: sandbox.id).map(\.record.cgroup)
    for path in paths {
      let cgroup = cgroups.cgroup(path)
      try? await runBlocking { try cgroup.killAndWait() }
    }
    for container in containers(of: sandbox.id) where !container.exited.isOpen { restoreExit(of: container) }
    if sandbox.record.phase == .ready {
      logger.warning("Sandbox lost", metadata: ["sandbox.id": "\(sandbox.id)", "reason": "\(reason)"])
      try? save(sandbox.update { $0.phase = .notReady })
    }
  }

  /// Takes back what an interrupted creation made.
  private func discard(owner: String, cgroups paths: [String], report: inout RecoveryReport) async {
    for path in paths {
      let cgroup = cgroups.cgroup(path)
      try? await runBlocking {
        try cgroup.killAndWait()
        try cgroup.remove()
      }
    }
    report.repaired.append("undid the interrupted creation of \(owner)")
  }

  /// Goes through the ledger: what belongs to nobody any more is removed from the kernel and the disk, then forgotten.
  private func sweep(live: Set<String>, report: inout RecoveryReport) async {
    guard let entries = try? ledger.entries() else { return }
    for entry in entries where !live.contains(entry.owner) {
      do {
        let (cgroups, images) = (cgroups, images)
        switch entry.kind {
        case .cgroup:
          let cgroup = cgroups.cgroup(entry.name)
          try await runBlocking {
            try cgroup.killAndWait()
            try cgroup.remove()
          }
        case .directory:
          try await runBlocking { () throws(SystemCallError) in try removeTree(entry.name) }
        case .shim, .link, .hostPort: break  // its cgroup was killed; links and ports are the network's to reconcile
        case .snapshot:
          try await runBlocking { try images.removeSnapshot(owner: entry.name) }
        case .mount: continue  // volumes are the kubelet's
        }
        try ledger.forget([entry])
        report.repaired.append("removed \(entry.kind.rawValue) \(entry.name) of \(entry.owner)")
      } catch {
        logger.error("Leftover not removed", metadata: ["kind": "\(entry.kind)", "name": "\(entry.name)", "error": "\(error)"])
      }
    }
  }
}
