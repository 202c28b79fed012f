import Cgroups
import CRIMapping
import LinuxRuntime
import LinuxSystem
import Logging
import OCISpec
public import RuntimeAPI

extension PodRuntime {
  /// A kubelet that says nothing waits two minutes.
  private static let defaultCheckpointTime: Int64 = 120

  /// Source: CRI CheckpointContainer. Writes an archive with the state of a running container, which goes on running. The file is there
  /// whole or not at all.
  public func checkpointContainer(_ id: ContainerID, location: String, timeout: Int64) async throws(RuntimeError) {
    let container = try await container(id)
    let sandbox = try await sandbox(container.sandboxID)
    guard location.hasPrefix("/"), !location.hasSuffix("/"), !location.utf8.contains(0) else {
      throw RuntimeError(.invalidArgument, "location: '\(location)' is not the absolute path of a file")
    }
    guard timeout >= 0 else { throw RuntimeError(.invalidArgument, "timeout: seconds, 0 for the default, not \(timeout)") }
    let seconds = timeout > 0 ? timeout : Self.defaultCheckpointTime
    let programs = try await runBlocking { () throws(RuntimeError) in try CheckpointPrograms.find() }
    // What is dumped is no longer interrupted, as that could leave the container between two states: a caller who does not wait gets
    // nothing, and what was made of it is removed.
    let wanted = Monitored(true)
    let result = await waiting(atMost: .seconds(seconds)) { [self] () -> Result<Void, RuntimeError> in
      do throws(RuntimeError) {
        try await container.gate.pass { () async throws(RuntimeError) in
          try await checkpoint(container, sandbox, to: location, programs) { wanted.withLock { $0 } }
        }
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    guard let result else {
      wanted.broadcast { $0 = false }
      if Task.isCancelled { throw RuntimeError(.cancelled, "the caller gave up while container \(container.id) was dumped") }
      throw RuntimeError(.deadlineExceeded, "container \(container.id) was not dumped within \(seconds) seconds")
    }
    try result.get()
  }

  private func checkpoint(
    _ container: Container, _ sandbox: Sandbox, to location: String, _ programs: CheckpointPrograms,
    _ isWanted: @escaping @Sendable () -> Bool
  ) async throws(RuntimeError) {
    guard container.machine.state == .running else {
      throw RuntimeError(.failedPrecondition, "container \(container.id) is \(container.machine.word), not running")
    }
    let record = container.record
    let documents = [
      ("config.dump", record.config.jsonText()), ("spec.dump", jsonText(try await spec(of: record.id).complete)),
      ("status.dump", containerStatus(container).jsonText()),
    ]
    // Below what RemoveContainer removes, so that it stays in no case.
    let folder = "\(settings.rootDirectory)/containers/\(record.id)"
    let files = CheckpointFiles(
      directory: "\(folder)/checkpoint", upper: "\(folder)/upper", log: record.logPath, location: location, documents: documents)
    let (process, pause) = (container.machine.pid, sandbox.pausePID)
    let hasTerminal = record.config.tty
    do {
      try await runBlocking(.foreign) { () throws(any Error) in
        try files.make(
          dump: CriuDump(of: process, pause: pause, files, hasTerminal: hasTerminal), programs, isWanted: isWanted)
      }
    } catch {
      logger.warning("Checkpoint failed", metadata: ["container.id": "\(record.id)", "error": "\(error)"])
      let what = "cannot checkpoint container \(record.config.metadata.name)"
      if let error = error as? RuntimeError { throw RuntimeError(error.code, "\(what): \(error.message)") }
      throw runtimeError(error, what)
    }
  }
}

extension CriuDump {
  /// Blocking.
  fileprivate init(of process: Int32, pause: Int32, _ files: CheckpointFiles, hasTerminal: Bool) throws(SystemCallError) {
    func namespace(_ process: String, _ kind: String) -> String? { try? HostFiles.linkTarget("/proc/\(process)/ns/\(kind)") }
    let name = namespace("\(process)", "pid")
    let isPods = name != namespace("self", "pid") && name == namespace("\(pause)", "pid")
    self.init(
      process: process, images: files.images, work: files.directory, mountInfo: try readFile("/proc/\(process)/mountinfo"),
      podProcessNamespace: isPods ? name : nil, hasTerminal: hasTerminal)
  }
}
