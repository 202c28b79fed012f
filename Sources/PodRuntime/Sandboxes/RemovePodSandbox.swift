import Cgroups
import LinuxSystem
public import RuntimeAPI
import Synchronization

extension PodRuntime {
  /// Source: CRI RemovePodSandbox. Stops it first and removes its containers. Idempotent.
  public func removePodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    guard let sandbox = try await findSandbox(id) else { return }
    try await sandbox.gate.pass { () async throws(RuntimeError) in
      guard state.withLock({ $0.sandboxes[sandbox.id] != nil }) else { return }
      try await stop(sandbox)
      let containers = containers(of: sandbox.id)
      for container in containers { try await removeFiles(of: container) }
      let (cgroups, record, directory) = (cgroups, sandbox.record, settings.sandboxDirectory(sandbox.id.rawValue))
      do {
        try await undoCreations(in: record)
        try await runBlocking(.ending) {
          try Faults.check(.sandboxRemove)
          for path in record.cgroups { try cgroups.cgroup(path).remove() }
          // A parent that a client named and nobody uses any more.
          if !record.ownsCgroupParent { try cgroups.cgroup(record.cgroupParent).removeIfEmpty() }
          try Faults.check(.sandboxRemove, .middle)
          try removeTree(directory)
          try Faults.check(.sandboxRemove, .after)
        }
      } catch {
        throw runtimeError(error, "cannot remove sandbox \(sandbox.id)")
      }
      try await removeRecords(of: containers, and: sandbox)
    }
  }
}
