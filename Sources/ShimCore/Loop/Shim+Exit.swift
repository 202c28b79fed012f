import CLinux

extension Shim {
  /// Reads of 64 KiB after an exit: more than root's largest pipe has by default (pipe-max-size, 1 MiB). The rest comes by the loop.
  private static let finalRounds = 64

  /// SIGCHLD: reaps podshim's own children by pidfd and, as subreaper, orphans by pid. Peeking first means that no status is stolen.
  func childSignal() {
    var drained = [UInt8](repeating: 0, count: 128)
    while unsafe cl_read(signals.raw, &drained, 128) > 0 {}
    var ended = cl_exit()
    while true {
      let pid = cl_peek_exited_child()
      if pid <= 0 { break }
      // A set-up child's last word says whose death this is.
      if let process = processes.first(where: { $0.pid == pid && $0.awaitsBirth }) { childMessage(process) }
      if let process = processes.first(where: { $0.pid == pid && !$0.reaped }) {
        if unsafe cl_wait_pidfd(process.pidfd.raw, &ended) <= 0 { break }
        exited(process, ended)
      } else if unsafe cl_wait_pid(pid, &ended) <= 0 {
        break
      }
    }
    finishShutdown()
  }

  private func exited(_ process: ManagedProcess, _ ended: cl_exit) {
    process.reaped = true
    let signaled = ended.signaled != 0
    process.exit.exitCode = signaled ? 128 + ended.code : ended.code
    process.exit.signal = signaled ? ended.code : 0
    process.exit.finishedAt = cl_realtime()
    if process.readOOMKills() > process.oomKills, !process.isExec || ended.code == Signal.kill { process.exit.oomKilled = true }
    if let raw = process.oomEvents?.raw, process.oomToken != 0 { loop.remove(process.oomToken, raw) }
    process.oomEvents = nil
    // What the child said last tells a failed set-up from a short life.
    childMessage(process)
    // In a shared pid namespace the rest of the container is still there.
    if !process.isExec, !process.discarded { _ = process.killCgroup() }
    process.input?.close(loop)
    process.input = nil
    for stream in [process.output, process.errorOutput] {
      guard let stream else { continue }
      // What it left in the pipe, at its largest: whoever else holds the other end, in another pod perhaps, may write without end.
      for _ in 0..<Self.finalRounds where !drain(stream, process, rest: true) { break }
    }
    process.drainDeadline = cl_monotonic() + Int64(process.drainMilliseconds) * 1_000_000
    finishIfDrained(process)
    if process.phase != .exited { armTimer() }
  }

  func finishIfDrained(_ process: ManagedProcess) {
    if process.output?.ended ?? true, process.errorOutput?.ended ?? true { finish(process) }
  }

  /// The log is complete: publish the exit.
  private func finish(_ process: ManagedProcess) {
    if process.phase == .exited { return }
    process.output?.end(process.log, loop)
    process.errorOutput?.end(process.log, loop)
    reportLoss(process, atEnd: true)
    process.output = nil
    process.errorOutput = nil
    process.terminal = nil
    process.log = nil
    process.drainDeadline = 0
    if process.discarded { return forget(process) }
    process.phase = .exited
    if !process.exitRecordPath.isEmpty { try? process.exit.write(to: process.exitRecordPath) }
    publish(.exited(process.exit))
    // Nobody asks for an exec's exit later: a probe every second must not fill the list.
    if process.isExec, process.exitRecordPath.isEmpty { return forget(process) }
    finishShutdown()
  }

  func forget(_ process: ManagedProcess) {
    process.unmountProcfs()
    processes.removeAll { $0 === process }
    finishShutdown()
  }

  func timeout() {
    var expirations = [UInt8](repeating: 0, count: 8)
    _ = unsafe cl_read(timer.raw, &expirations, 8)
    let now = cl_monotonic()
    for process in processes where process.drainDeadline != 0 && process.drainDeadline <= now { finish(process) }
    for process in processes {
      process.output?.expire(now, loop)
      process.errorOutput?.expire(now, loop)
    }
    for process in processes where process.setupDeadline != 0 && process.setupDeadline <= now { setupTooLong(process) }
    if let pending = shutdown, pending.deadline <= now {
      shutdown = nil
      refuse(pending.connection, pending.request, Errno.busy, "processes do not die")
    }
    armTimer()
    finishShutdown()
  }

  func beginShutdown(_ connection: Connection, _ request: UInt32) {
    shutdown = (connection, request, cl_monotonic() + 10_000_000_000)
    for process in processes where !process.reaped {
      if process.isExec || !process.killCgroup() { _ = cl_pidfd_send_signal(process.pidfd.raw, Signal.kill) }
    }
    armTimer()
    finishShutdown()
  }

  private func finishShutdown() {
    guard let pending = shutdown, !stopped else { return }
    for process in processes where process.phase != .exited { return }
    _ = unsafe cl_unlinkat(At.workingDirectory, "shim.sock", 0)
    _ = unsafe cl_unlinkat(At.workingDirectory, "shim.pid", 0)
    reply(pending.connection, pending.request, .done)
    stopped = true
  }
}
