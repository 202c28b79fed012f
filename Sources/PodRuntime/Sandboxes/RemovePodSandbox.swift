import Cgroups
import LinuxSystem
public import RuntimeAPI
import Store
import Synchronization

extension PodRuntime {
  /// Source: CRI RemovePodSandbox. Stops it first and removes its containers. Idempotent.
  public func removePodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    guard let sandbox = try findSandbox(id) else { return }
    try await sandbox.gate.pass { () async throws(RuntimeError) in
      guard state.withLock({ $0.sandboxes[sandbox.id] != nil }) else { return }
      try await stop(sandbox)
      for container in containers(of: sandbox.id) { try await remove(container) }
      let record = sandbox.record
      let directory = settings.sandboxDirectory(sandbox.id.rawValue)
      let (cgroups, ledger, records, store) = (cgroups, ledger, sandboxRecords, store)
      do {
        try await runBlocking {
          try cgroups.cgroup(record.cgroup).remove()
          if record.ownsCgroupParent { try cgroups.cgroup(record.cgroupParent).remove() }
          try removeTree(directory)
          try store.transaction { transaction in
            try records.remove(record.id.rawValue, in: transaction)
            try ledger.forget(owner: record.id.rawValue, in: transaction)
          }
        }
      } catch {
        throw runtimeError(error, "cannot remove sandbox \(sandbox.id)")
      }
      publish(.deleted, sandbox: sandbox)
      state.withLock { state in
        state.sandboxes[sandbox.id] = nil
        state.sandboxKeys[SandboxRecord.key(record.config.metadata)] = nil
      }
    }
  }
}
