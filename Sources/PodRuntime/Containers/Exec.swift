import Cgroups
import LinuxRuntime
import LinuxSystem
public import RuntimeAPI
import ShimCore
import Synchronization

extension PodRuntime {
  /// The container an exec or attach is meant for.
  /// - Throws: `.notFound`, or `.failedPrecondition` when it does not run.
  public func runningContainer(_ id: ContainerID, for what: String) async throws(RuntimeError) -> ContainerID {
    try await running(id, for: what).container.id
  }

  func running(_ id: ContainerID, for what: String) async throws(RuntimeError) -> (
    container: Container, link: ShimLink, sandbox: Sandbox
  ) {
    let container = try await container(id)
    let sandbox = try await sandbox(container.sandboxID)
    guard container.machine.state == .running else {
      throw RuntimeError(.failedPrecondition, "container \(container.id) is \(container.machine.word): \(what) needs a running one")
    }
    guard let link = sandbox.link else { throw RuntimeError(.unavailable, "podshim of sandbox \(sandbox.id) is gone") }
    return (container, link, sandbox)
  }

  /// Starts a command in a running container with streams for somebody who waits for them. When nobody holds them any more the command
  /// hears of it as from a terminal that is closed: end of file, SIGPIPE or SIGHUP; it is not killed. Source: CRI Exec.
  public func openExec(_ request: ExecRequest) async throws(RuntimeError) -> OpenedProcess {
    try RequestBounds.texts(request.command, "exec")
    guard !request.command.isEmpty else { throw RuntimeError(.invalidArgument, "exec needs a command") }
    let (container, link, sandbox) = try await running(request.container, for: "exec")
    let execID = "exec-\(Identifier.random().prefix(16))"
    let waiter = ExecWaiter()
    sandbox.execs.withLock { $0[execID] = waiter }
    let cgroup = cgroups.cgroup("\(container.record.cgroup)/\(execID)")
    var isSpawned = false
    do {
      let (directory, null) = try await runBlocking { () throws(any Error) in
        try cgroup.create(enableControllers: false, parentIsReady: true)
        return (try cgroup.open(), try SharedDescriptor(openNull()))
      }
      let program = try await execProgram(container.record, command: request.command, terminal: request.streams.tty)
      var spawn = SpawnRequest(id: execID, program: SetupProgram.encode(program.operations))
      spawn.cloneFlags = program.cloneFlags
      spawn.joinsPID = true
      spawn.joinPIDOf = container.id.rawValue
      spawn.joinProcess = container.id.rawValue
      spawn.drainMilliseconds = 0
      let streams = request.streams
      var process = OpenedProcess { await waiter.ended.wait() ? Result { () throws(RuntimeError) in try waiter.result() } : nil }
      if streams.tty {
        spawn.stdio = .passedTerminal
        spawn.cgroupSlot = 0
        let answer = try await link.spawn(
          spawn, descriptors: [directory], program: program.operations, command: request.command)
        isSpawned = true
        guard answer.descriptors.count == 2, let terminal = answer.descriptors.last else {
          throw RuntimeError(.internalError, "podshim gave no terminal")
        }
        try Faults.check(.execStreams)
        if streams.stdin { process.input = SharedDescriptor(try terminal.duplicate()) }
        // Also for a client that wants none of it: somebody has to read what the command writes.
        process.output = terminal
        process.resize = { columns, rows in try? TerminalDevice.resize(terminal, columns: columns, rows: rows) }
      } else {
        let (input, output, error) = (
          streams.stdin ? try Pipe() : nil, streams.stdout ? try Pipe(capacity: Pipe.streamCapacity) : nil,
          streams.stderr ? try Pipe(capacity: Pipe.streamCapacity) : nil
        )
        process.input = try input?.writeEnd()
        process.output = output?.readEnd
        process.error = error?.readEnd
        spawn.stdio = .passed
        spawn.cgroupSlot = 3
        _ = try await link.spawn(
          spawn, descriptors: [input?.readEnd ?? null, try output?.writeEnd() ?? null, try error?.writeEnd() ?? null, directory],
          program: program.operations, command: request.command)
      }
      waiter.spawned()
      tidy(execID, waiter, cgroup, parent: container.record.cgroup, sandbox)
      return process
    } catch {
      // Nobody has its streams: it is not to run on.
      if isSpawned { link.post(.signal(id: execID, number: 9, all: true)) }
      sandbox.execs.withLock { _ = $0.removeValue(forKey: execID) }
      try? await runBlocking(.ending) { try cgroup.remove() }
      throw runtimeError(error, "exec in container \(container.record.config.metadata.name) failed")
    }
  }

  /// Behind the end of an exec: what it left in the background belongs to the container, as with ExecSync.
  private func tidy(_ execID: String, _ waiter: ExecWaiter, _ cgroup: Cgroup, parent: String, _ sandbox: Sandbox) {
    let parent = cgroups.cgroup(parent)
    Task {
      await waiter.ended.wait()
      sandbox.execs.withLock { _ = $0.removeValue(forKey: execID) }
      await runBlocking {
        try? cgroup.moveProcesses(to: parent)
        try? cgroup.removeIfEmpty()
      }
    }
  }
}
