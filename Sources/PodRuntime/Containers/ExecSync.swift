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
    let (container, link, sandbox) = try await running(id, for: "exec")
    try RequestBounds.texts(command, "exec")
    guard !command.isEmpty else { throw RuntimeError(.invalidArgument, "exec needs a command") }
    let execID = "exec-\(Identifier.random().prefix(16))"
    let waiter = ExecWaiter()
    sandbox.execs.withLock { $0[execID] = waiter }
    defer { sandbox.execs.withLock { _ = $0.removeValue(forKey: execID) } }
    do {
      return try await exec(execID, command, in: container.record, link, waiter, timeout: timeout)
    } catch {
      throw runtimeError(error, "exec in container \(container.record.config.metadata.name) failed")
    }
  }

  private func exec(
    _ execID: String, _ command: [String], in record: ContainerRecord, _ link: ShimLink, _ waiter: ExecWaiter, timeout: Int64
  ) async throws -> ExecResult {
    let cgroup = cgroups.cgroup("\(record.cgroup)/\(execID)")
    let (directory, null) = try await runBlocking { () throws(any Error) in
      try cgroup.create(enableControllers: false, parentIsReady: true)
      return (try cgroup.open(), try SharedDescriptor(openNull()))
    }
    do {
      let result = try await run(execID, command, in: record, link, waiter, [null, directory], timeout: timeout)
      let parent = cgroups.cgroup(record.cgroup)
      // The kernel takes up to milliseconds to take a cgroup down: the answer does not wait for that.
      Task {
        await runBlocking {
          // What the command left in the background belongs to the container from now on, as a hook that starts a daemon expects.
          try? cgroup.moveProcesses(to: parent)
          try? cgroup.removeIfEmpty()
        }
      }
      return result
    } catch {
      // Nobody waits for it any more: nothing of it goes on.
      try? await runBlocking(.ending) { try cgroup.remove() }
      throw error
    }
  }

  private func run(
    _ execID: String, _ command: [String], in record: ContainerRecord, _ link: ShimLink, _ waiter: ExecWaiter,
    _ nullAndCgroup: [SharedDescriptor], timeout: Int64
  ) async throws -> ExecResult {
    let program = try await execProgram(record, command: command)
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
    _ = try await link.spawn(
      request, descriptors: [nullAndCgroup[0], out.writeEnd(), err.writeEnd(), nullAndCgroup[1]], program: program.operations,
      command: command)
    waiter.spawned()
    out.closeWriteEnd()
    err.closeWriteEnd()
    let (stdoutEnded, stderrEnded) = (Latch(), Latch())
    let stdout = try OutputReader(out.readEnd, limit: Self.execOutputLimit) { stdoutEnded.open() }
    let stderr = try OutputReader(err.readEnd, limit: Self.execOutputLimit) { stderrEnded.open() }
    defer {
      stdout.stop()
      stderr.stop()
    }
    let ended = timeout > 0 ? await waiter.ended.wait(atMost: .seconds(Self.sane(timeout))) : await waiter.ended.wait()
    guard ended else {
      if Task.isCancelled { throw RuntimeError(.cancelled, "exec was cancelled") }
      throw RuntimeError(.deadlineExceeded, "command \(command[0]) timed out after \(timeout) s and was killed")
    }
    let exitCode = try waiter.result()
    let drained = ContinuousClock.now + Self.execDrain
    _ = await stdoutEnded.wait(atMost: Self.execDrain)
    _ = await stderrEnded.wait(atMost: max(.zero, ContinuousClock.now.duration(to: drained)))
    return ExecResult(stdout: stdout.stop(), stderr: stderr.stop(), exitCode: exitCode)
  }

  /// A number of seconds that clocks can add: ten years are for ever.
  static func sane(_ seconds: Int64) -> Int64 { min(max(0, seconds), 315_360_000) }
}

/// Where the end of one exec arrives: its exit, or that its exit will never be known.
final class ExecWaiter: Sendable {
  private struct State {
    var isSpawned = false
    var result: Result<Int32, RuntimeError>?
  }
  private let state = Mutex(State())
  let ended = Latch()

  /// podshim has made its process: from now on podshim's list has it until it ends.
  func spawned() { state.withLock { $0.isSpawned = true } }
  var isSpawned: Bool { state.withLock { $0.isSpawned } }

  func finish(_ exitCode: Int32) { finish(.success(exitCode)) }
  func fail(_ error: RuntimeError) { finish(.failure(error)) }

  private func finish(_ result: Result<Int32, RuntimeError>) {
    state.withLock { $0.result = $0.result ?? result }
    ended.open()
  }

  func result() throws(RuntimeError) -> Int32 {
    guard let result = state.withLock({ $0.result }) else { throw RuntimeError(.internalError, "the command has not ended") }
    return try result.get()
  }
}
