import Cgroups
import LinuxRuntime
import LinuxSystem
import OCISpec
public import RuntimeAPI
import ShimCore
import Synchronization

extension PodRuntime {
  /// Largest output kept of each stream, bytes; the rest is read and dropped. Source: CRI ExecSync.
  static let execOutputLimit = 16 << 20
  /// How long to wait for a background child that holds the output pipes after the command has ended.
  static let execDrain = Duration.seconds(1)

  /// Source: CRI ExecSync. The command runs in a cgroup of its own below the container's, so that a timeout kills its children too.
  public func execSync(_ id: ContainerID, command: [String], timeout: Int64) async throws(RuntimeError) -> ExecResult {
    let container = try container(id)
    let record = container.record
    guard !command.isEmpty else { throw RuntimeError(.invalidArgument, "exec needs a command") }
    guard record.phase == .running, let shim = try sandbox(record.sandboxID).shim else {
      throw RuntimeError(.failedPrecondition, "container \(record.id) is \(record.phase.rawValue): exec needs a running one")
    }
    do {
      return try await exec(command, in: record, shim: shim, timeout: timeout)
    } catch {
      throw runtimeError(error, "exec in container \(record.config.metadata.name) failed")
    }
  }

  private func exec(_ command: [String], in record: ContainerRecord, shim: ShimConnection, timeout: Int64) async throws
    -> ExecResult
  {
    let execID = "exec-\(Identifier.random().prefix(16))"
    let cgroup = cgroups.cgroup("\(record.cgroup)/\(execID)")
    try cgroup.create(enableControllers: false, parentIsReady: true)
    defer { try? cgroup.remove() }
    let program = try execProgram(record, command: command)
    let out = try Pipe()
    let err = try Pipe()
    var request = SpawnRequest(id: execID, program: SetupProgram.encode(program.operations))
    request.cloneFlags = program.cloneFlags
    request.stdio = .passed
    request.joinsPID = true
    request.joinPIDOf = record.id.rawValue
    request.joinProcess = record.id.rawValue
    request.cgroupSlot = 3
    request.drainMilliseconds = 0
    let finished = ExecWaiter()
    execs.withLock { $0[execID] = finished }
    defer { execs.withLock { _ = $0.removeValue(forKey: execID) } }
    let null = try SharedDescriptor(openNull())
    _ = try await shim.spawn(
      request, descriptors: [null, out.writeEnd(), err.writeEnd(), try cgroup.open()], program: program.operations, command: command
    )
    out.closeWriteEnd()
    err.closeWriteEnd()
    let (stdoutEnded, stderrEnded) = (Latch(), Latch())
    let stdout = try OutputReader(out.readEnd, limit: Self.execOutputLimit) { stdoutEnded.open() }
    let stderr = try OutputReader(err.readEnd, limit: Self.execOutputLimit) { stderrEnded.open() }
    if timeout > 0 {
      if !(await finished.latch.wait(atMost: .seconds(timeout))) {
        try await runBlocking { try cgroup.killAndWait() }
        _ = await finished.latch.wait(atMost: .seconds(10))
        stdout.stop()
        stderr.stop()
        throw RuntimeError(.deadlineExceeded, "command \(command[0]) timed out after \(timeout) s and was killed")
      }
    } else {
      await withTaskCancellationHandler {
        _ = await finished.latch.wait()
      } onCancel: {
        finished.latch.open()
      }
      if Task.isCancelled {
        try? cgroup.kill()
        throw RuntimeError(.cancelled, "exec was cancelled")
      }
    }
    let drained = ContinuousClock.now + Self.execDrain
    _ = await stdoutEnded.wait(atMost: Self.execDrain)
    _ = await stderrEnded.wait(atMost: max(.zero, ContinuousClock.now.duration(to: drained)))
    // What the command left in the background belongs to the container from now on, as a lifecycle hook that starts a daemon expects.
    try? cgroup.moveProcesses(to: cgroups.cgroup(record.cgroup))
    return ExecResult(stdout: stdout.stop(), stderr: stderr.stop(), exitCode: finished.exitCode)
  }
}

/// Where the exit of one exec arrives.
final class ExecWaiter: Sendable {
  let latch = Latch()
  private let code = Mutex<Int32>(0)
  var exitCode: Int32 { code.withLock { $0 } }
  func finish(_ exitCode: Int32) {
    code.withLock { $0 = exitCode }
    latch.open()
  }
}
