public import RuntimeAPI
import ShimCore

extension PodRuntime {
  /// Source: CRI ReopenContainerLog. Returns when the new file exists and the old one gets nothing more.
  public func reopenContainerLog(_ id: ContainerID) async throws(RuntimeError) {
    let container = try await container(id)
    guard container.machine.state == .running, let link = try await sandbox(container.sandboxID).link else {
      throw RuntimeError(.failedPrecondition, "container \(id) is not running: its log is not open")
    }
    do {
      _ = try await link.call(.reopenLog(id: container.id.rawValue))
    } catch {
      throw runtimeError(error, "cannot reopen the log of container \(id)")
    }
  }
}
