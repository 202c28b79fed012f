import Cgroups
import Images
import LinuxSystem
public import RuntimeAPI
import ShimCore
import Store
import Synchronization

extension PodRuntime {
  /// Source: CRI RemoveContainer. Kills it when it runs; its log stays. Idempotent.
  public func removeContainer(_ id: ContainerID) async throws(RuntimeError) {
    guard let container = try findContainer(id) else { return }
    try await remove(container)
  }

  func remove(_ container: Container) async throws(RuntimeError) {
    try await stop(container, timeout: 0)
    try await container.gate.pass { () async throws(RuntimeError) in
      guard state.withLock({ $0.containers[container.id] != nil }) else { return }
      let record = container.record
      if let shim = state.withLock({ $0.sandboxes[container.sandboxID] })?.shim {
        _ = try? await shim.call(.remove(id: record.id.rawValue))
      }
      let (cgroups, ledger, records, specRecords, store, images) = (cgroups, ledger, containerRecords, specRecords, store, images)
      do {
        try await runBlocking {
          try cgroups.cgroup(record.cgroup).remove()
          try images.removeSnapshot(owner: record.id.rawValue)
          try store.transaction { transaction in
            try records.remove(record.id.rawValue, in: transaction)
            try specRecords.remove(record.id.rawValue, in: transaction)
            try ledger.forget(owner: record.id.rawValue, in: transaction)
          }
        }
      } catch {
        throw runtimeError(error, "cannot remove container \(record.id)")
      }
      specs.withLock { _ = $0.removeValue(forKey: record.id) }
      publish(.deleted, container: container)
      state.withLock { state in
        state.containers[container.id] = nil
        state.containerKeys[ContainerRecord.key(sandbox: record.sandboxID, record.config.metadata)] = nil
      }
    }
  }
}
