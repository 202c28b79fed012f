import LinuxRuntime
import LinuxSystem
public import RuntimeAPI
import ShimCore
import Synchronization

extension PodRuntime {
  /// Source: CRI StartContainer: only from CREATED. A start that fails leaves the container EXITED, code 128, reason StartError. When
  /// podshim does not answer, the container is what podshim's list says later.
  public func startContainer(_ id: ContainerID) async throws(RuntimeError) {
    let container = try await container(id)
    try await container.gate.pass { () async throws(RuntimeError) in
      guard let link = state.withLock({ $0.sandboxes[container.sandboxID] })?.link else {
        throw RuntimeError(.failedPrecondition, "sandbox \(container.sandboxID) has stopped: its containers cannot start")
      }
      let began = StartTraces.Moment.now
      let time = wallClockNanoseconds()
      try container.beginStart(at: time)
      defer {
        container.endStart(publish: publisher(of: container))
        hub.deliver()
      }
      do {
        try Faults.check(.containerStart)
        do throws(ShimError) {
          _ = try await link.call(.start(id: container.id.rawValue, at: time))
        } catch {
          guard case .refused(Errno.busy, _) = error else { throw error }
          return try await awaitStart(of: container, link)
        }
        try Faults.check(.containerStart, .after)
      } catch {
        throw await failed(error, container, link)
      }
      apply(.started(at: time), to: container)
      worked()
      if let pod = state.withLock({ $0.sandboxes[container.sandboxID] })?.record.config.metadata.uid {
        traces.add(.startContainer, pod, container: container.record.config.metadata.name, from: began)
      }
    }
  }

  /// Somebody asked for the start before, an earlier agent or one whose connection broke: how that ends is how this one does.
  private func awaitStart(of container: Container, _ link: ShimLink) async throws(ShimError) {
    let deadline = ContinuousClock.now + ShimLink.callTimeout
    repeat {
      // What it says has been applied when it is here.
      _ = try await link.call(.list)
      guard case .starting(_, nil) = container.machine.phase else { return }
      try? await Alarm.sleep(for: .milliseconds(20))
    } while ContinuousClock.now < deadline && !Task.isCancelled
    throw .unanswered("start")
  }

  private func failed(_ error: any Error, _ container: Container, _ link: ShimLink) async -> RuntimeError {
    let record = container.record
    switch error as? ShimError {
    case .unanswered, .gone, .cancelled, .noDescriptors, .notSent:
      // Not known whether it runs.
      return RuntimeError(
        (error as? ShimError)?.code ?? .unknown, "cannot start container \(record.config.metadata.name): \(error)")
    case .refused, .setup, .tooOld, .none:
      let sentence = await startFailure(error, record)
      apply(.startFailed(message: sentence, at: wallClockNanoseconds()), to: container)
      link.post(.signal(id: record.id.rawValue, number: 9, all: true))
      return RuntimeError(.unknown, sentence)
    }
  }

  private func startFailure(_ error: any Error, _ record: ContainerRecord) async -> String {
    guard let error = error as? ShimError else {
      return "cannot start container \(record.config.metadata.name): \(error)"
    }
    let program = (try? await containerProgram(record))?.operations ?? []
    return error.explained(program, record.config.command + record.config.args).message
  }
}
