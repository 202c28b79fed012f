import LinuxSystem
public import RuntimeAPI
import ShimCore
import Synchronization

extension PodRuntime {
  /// Source: CRI StopContainer. Idempotent; returns when the container has really stopped.
  public func stopContainer(_ id: ContainerID, timeout: Int64) async throws(RuntimeError) {
    guard let container = try findContainer(id) else { return }
    try await stop(container, timeout: timeout)
  }

  /// Not behind the container's gate: a second stop with a shorter timeout must be able to overtake the first.
  func stop(_ container: Container, timeout: Int64) async throws(RuntimeError) {
    let record = container.record
    guard !container.exited.isOpen else { return }
    guard let shim = state.withLock({ $0.sandboxes[container.sandboxID] })?.shim else {
      return try markLost(container)
    }
    do {
      if record.phase == .created {
        // Its process waits in set-up: it never ran, so it exits without the grace period.
        _ = try await shim.call(.signal(id: record.id.rawValue, number: 9, all: true))
      } else {
        if timeout > 0, container.beginStop() {
          _ = try await shim.call(.signal(id: record.id.rawValue, number: record.stopSignalNumber, all: false))
        }
        if timeout > 0, await container.exited.wait(atMost: .seconds(timeout)) { return }
        // A caller that gives up does not shorten the grace period.
        if timeout > 0, Task.isCancelled { throw gaveUp(record) }
        _ = try await shim.call(.signal(id: record.id.rawValue, number: 9, all: true))
      }
    } catch {
      if case .gone? = error as? ShimError { return try markLost(container) }
      throw runtimeError(error, "cannot stop container \(record.id)")
    }
    if !(await container.exited.wait(atMost: .seconds(30))) {
      if Task.isCancelled { throw gaveUp(record) }
      throw RuntimeError(
        .deadlineExceeded,
        "container \(record.config.metadata.name) (pid \(record.pid)) was killed but has not ended after 30 s: "
          + "look for a process in state D (ps -o pid,stat,wchan)")
    }
  }

  private func gaveUp(_ record: ContainerRecord) -> RuntimeError {
    RuntimeError(.cancelled, "the caller gave up while container \(record.config.metadata.name) was stopping")
  }

  /// podshim is gone: nothing of the container can run (its cgroup was killed), the exit code is unknown.
  func markLost(_ container: Container) throws(RuntimeError) {
    try save(
      container.update { record in
        guard record.phase != .exited else { return }
        record.phase = .exited
        record.finishedAt = wallClockNanoseconds()
        record.exitCode = 255
        record.reason = "Unknown"
        record.message = "podshim ended without recording the exit code"
        record.pid = 0
      })
    container.exited.open()
    publish(.stopped, container: container)
  }
}
