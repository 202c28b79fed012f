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
    guard let container = try await findContainer(id) else { return }
    try await stop(container, timeout: 0)
    try await container.gate.pass { () async throws(RuntimeError) in
      guard state.withLock({ $0.containers[container.id] != nil }) else { return }
      try await removeFiles(of: container)
      try await removeRecords(of: [container], and: nil)
    }
  }

  /// Files before rows: what frees a full disk must not wait for a write.
  func removeFiles(of container: Container) async throws(RuntimeError) {
    let id = container.id.rawValue
    state.withLock { $0.sandboxes[container.sandboxID] }?.link?.post(.remove(id: id))
    let (cgroup, images) = (cgroups.cgroup(container.record.cgroup), images)
    let files = ["\(id).exit", ContainerStateRecord.file(of: container.id), ContainerRecord.file(of: container.id)].map {
      "\(settings.sandboxDirectory(container.sandboxID.rawValue))/\($0)"
    }
    do {
      try await records.releasing(.ending) {
        try Faults.check(.containerRemove)
        try cgroup.remove()
        try images.removeSnapshot(owner: id)
        try Faults.check(.containerRemove, .middle)
        for file in files { try removeTree(file) }
        try Faults.check(.containerRemove, .after)
      }
    } catch {
      throw runtimeError(error, "cannot remove container \(id)")
    }
  }

  /// The rows of containers, and with them those of their sandbox, in one transaction; then nobody knows them any more.
  func removeRecords(of containers: [Container], and sandbox: Sandbox?) async throws(RuntimeError) {
    for container in containers { container.setRemoved(true) }
    sandbox?.setRemoved(true)
    do {
      try await records.release { [records] transaction in
        for container in containers { try records.remove(container.id, transaction) }
        if let sandbox { try records.remove(sandbox.id, transaction) }
      }
    } catch {
      for container in containers { container.setRemoved(false) }
      sandbox?.setRemoved(false)
      throw runtimeError(
        error, "cannot forget \(sandbox.map { "sandbox \($0.id)" } ?? "container \(containers.first?.id.rawValue ?? "")")")
    }
    let publishers = containers.map { publisher(of: $0) }
    // Its own removal and that of its sandbox may go on side by side: it is told once, and before the sandbox's end. What an event says of
    // the others is looked at when it is delivered.
    state.withLock { state in
      for (container, publish) in zip(containers, publishers) where state.containers[container.id] != nil {
        state.remove(container)
        publish(.deleted)
      }
    }
    regainedSpecs.withLock { specs in for container in containers { specs[container.id] = nil } }
    execs.withLock { execs in for container in containers { execs[container.id] = nil } }
    if let sandbox {
      sandbox.apply(.removed) { publish($0, sandbox: sandbox) }
      state.withLock { $0.remove(sandbox) }
      records.sandboxesChanged()
      worked()
    }
    hub.deliver()
  }
}
