import Cgroups
import LinuxSystem
public import RuntimeAPI
import ShimCore
import Synchronization

extension PodRuntime {
  /// How long what was killed may take to end.
  static let killTimeout = Duration.seconds(30)
  /// How long podshim may take to tell an end that it knows.
  private static let tellingTimeout = Duration.seconds(2)

  /// Source: CRI StopContainer. Idempotent; returns when the container has really stopped.
  public func stopContainer(_ id: ContainerID, timeout: Int64) async throws(RuntimeError) {
    guard let container = try await findContainer(id) else { return }
    try await stop(container, timeout: timeout)
  }

  /// Not behind the container's gate: a second stop with a shorter timeout must be able to overtake the first.
  func stop(_ container: Container, timeout: Int64) async throws(RuntimeError) {
    let machine = container.machine
    guard !machine.hasEnded else { return }
    guard let link = state.withLock({ $0.sandboxes[container.sandboxID] })?.link else {
      return try await killWithoutShim(container)
    }
    // One that waits in set-up never ran: it exits without the grace period.
    if timeout > 0, machine.state == .running {
      try await sendStopSignal(container, link)
      if await container.exited.wait(atMost: .seconds(Self.sane(timeout))) { return }
      // A caller that gives up does not shorten the grace period.
      if Task.isCancelled { throw gaveUp(container) }
    }
    do throws(ShimError) {
      _ = try await link.call(.signal(id: container.id.rawValue, number: 9, all: true))
    } catch {
      switch error {
      case .gone, .unanswered, .noDescriptors, .notSent: return try await killWithoutShim(container)
      case .cancelled: throw gaveUp(container)
      default:
        guard error.meansEnded else { throw runtimeError(error, "cannot stop container \(container.id)") }
        // It has ended, and that is about to be told: but podshim forgets a container whose creation was taken back.
        if await container.exited.wait(atMost: Self.tellingTimeout) { return }
        return try await killWithoutShim(container)
      }
    }
    if await container.exited.wait(atMost: Self.killTimeout) { return }
    if Task.isCancelled { throw gaveUp(container) }
    throw RuntimeError(
      .deadlineExceeded,
      "container \(container.record.config.metadata.name) (pid \(machine.pid)) was killed but has not ended after 30 s: "
        + "look for a process in state D (ps -o pid,stat,wchan)")
  }

  /// Once: a second stop shortens the time only.
  private func sendStopSignal(_ container: Container, _ link: ShimLink) async throws(RuntimeError) {
    guard container.beginStop() else { return }
    let number = container.record.stopSignalNumber
    do throws(ShimError) {
      _ = try await link.call(.signal(id: container.id.rawValue, number: number, all: false))
    } catch {
      if error.meansEnded { return }
      container.stopSignalFailed()
      if error == .gone { return }
      throw runtimeError(error, "cannot stop container \(container.id)")
    }
  }

  private func gaveUp(_ container: Container) -> RuntimeError {
    RuntimeError(.cancelled, "the caller gave up while container \(container.record.config.metadata.name) was stopping")
  }

  /// podshim is gone or does not answer: the kernel kills, and nothing is said to have ended before it has.
  private func killWithoutShim(_ container: Container) async throws(RuntimeError) {
    let cgroup = cgroups.cgroup(container.record.cgroup)
    do {
      try await runBlocking(.ending) { () throws(CgroupError) in try cgroup.killAndWait() }
    } catch {
      throw runtimeError(error, "cannot stop container \(container.id)")
    }
    let isSilent = state.withLock { $0.sandboxes[container.sandboxID] }?.link != nil
    restoreExit(of: container, isSilent: isSilent)
  }
}
