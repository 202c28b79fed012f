import Cgroups
import LinuxSystem
import Logging
import RuntimeAPI
import ShimCore
import Synchronization

extension PodRuntime {
  /// Called on the descriptor thread: what podshim reports becomes facts in the record.
  func handle(_ event: ShimEvent, of sandbox: Sandbox) {
    switch event {
    case .exited(let exit):
      if exit.id.isEmpty {
        pauseEnded(sandbox)
      } else if let waiter = execs.withLock({ $0[exit.id] }) {
        waiter.finish(exit.exitCode)
      } else if let container = state.withLock({ $0.containers[ContainerID(exit.id)] }) {
        record(exit, of: container)
      }
    case .logLost(let id, let lines, let errno):
      logger.warning(
        "Log lines lost",
        metadata: ["container.id": "\(id)", "sandbox.id": "\(sandbox.id)", "lines": "\(lines)", "errno": "\(errno)"])
    case .oom(let id):
      logger.warning("Out of memory", metadata: ["container.id": "\(id)", "sandbox.id": "\(sandbox.id)"])
    }
  }

  /// Notes a container's end. Idempotent: an exit may be seen by event and by list.
  func record(_ exit: ExitRecord, of container: Container) {
    let first = !container.exited.isOpen
    guard first else { return }
    let record = container.update { record in
      record.phase = .exited
      record.finishedAt = exit.finishedAt
      record.exitCode = exit.exitCode
      record.reason = exit.oomKilled ? "OOMKilled" : exit.exitCode == 0 ? "Completed" : "Error"
      record.pid = 0
    }
    do { try save(record) } catch {
      // The exit record on disk still has it: the next start reads that.
      logger.error("Exit not saved", metadata: ["container.id": "\(container.id)", "error": "\(error)"])
    }
    container.exited.open()
    publish(.stopped, container: container)
  }

  private func pauseEnded(_ sandbox: Sandbox) {
    guard sandbox.record.phase == .ready else { return }
    let record = sandbox.update { $0.phase = .notReady }
    do { try save(record) } catch {
      logger.error("Sandbox state not saved", metadata: ["sandbox.id": "\(sandbox.id)", "error": "\(error)"])
    }
    publish(.stopped, sandbox: sandbox)
  }

  /// When podshim itself ends without being told to, its containers are killed (nobody keeps their logs or exit codes any more) and
  /// the sandbox is no longer ready.
  func watchShim(_ process: PidFD, _ shim: ShimConnection, of sandbox: Sandbox) {
    Task { [self] in
      try? await process.waitForExit()
      shim.end()
      guard sandbox.shim === shim else { return }
      sandbox.shim = nil
      logger.error("podshim ended", metadata: ["sandbox.id": "\(sandbox.id)", "pid": "\(process.pid)"])
      for container in containers(of: sandbox.id) where !container.exited.isOpen {
        let cgroup = cgroups.cgroup(container.record.cgroup)
        try? await runBlocking { try cgroup.killAndWait() }
        restoreExit(of: container)
      }
      pauseEnded(sandbox)
    }
  }

  /// The exit record podshim wrote, or "unknown".
  func restoreExit(of container: Container) {
    let path = exitRecordPath(container.record)
    if let text = try? readFile(path), let exit = try? ExitRecord(fileContent: Array(text.utf8)) {
      record(exit, of: container)
    } else {
      try? markLost(container)
    }
  }

  func exitRecordPath(_ record: ContainerRecord) -> String {
    "\(settings.sandboxDirectory(record.sandboxID.rawValue))/\(record.id).exit"
  }
}
