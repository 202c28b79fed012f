import LinuxRuntime
import LinuxSystem
public import RuntimeAPI
import ShimCore

extension PodRuntime {
  /// Source: CRI StartContainer: only from CREATED. A start that fails leaves the container EXITED, code 128, reason StartError.
  public func startContainer(_ id: ContainerID) async throws(RuntimeError) {
    let container = try container(id)
    try await container.gate.pass { () async throws(RuntimeError) in
      let record = container.record
      guard record.phase == .created else {
        throw RuntimeError(
          .failedPrecondition, "container \(record.id) is \(record.phase.rawValue), not created: it starts only once")
      }
      let sandbox = try sandbox(record.sandboxID)
      guard let shim = sandbox.shim else {
        throw RuntimeError(.failedPrecondition, "sandbox \(sandbox.id) has stopped: its containers cannot start")
      }
      try save(
        container.update { record in
          record.phase = .starting
          record.startedAt = wallClockNanoseconds()
        })
      do {
        try Faults.check(.containerStart)
        _ = try await shim.call(.start(id: record.id.rawValue))
      } catch {
        let sentence = startFailure(error, record)
        try save(
          container.update { record in
            record.phase = .exited
            record.finishedAt = wallClockNanoseconds()
            record.exitCode = 128
            record.reason = "StartError"
            record.message = sentence
            record.pid = 0
          })
        container.exited.open()
        publish(.stopped, container: container)
        _ = try? await shim.call(.signal(id: record.id.rawValue, number: 9, all: true))
        throw RuntimeError(.unknown, sentence)
      }
      // An exit that came first has set the final phase already.
      try save(container.update { record in if record.phase == .starting { record.phase = .running } })
      publish(.started, container: container)
    }
  }

  private func startFailure(_ error: any Error, _ record: ContainerRecord) -> String {
    guard let error = error as? ShimError else {
      return "cannot start container \(record.config.metadata.name): \(error)"
    }
    let program = (try? containerProgram(record))?.operations ?? []
    return error.explained(program, record.config.command + record.config.args).message
  }
}
