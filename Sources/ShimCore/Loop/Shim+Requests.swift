import CLinux

extension Shim {
  func handle(_ connection: Connection, _ header: ShimFrame.Header, _ payload: [UInt8], _ descriptors: DescriptorList) {
    let request = header.requestID
    do throws(CodecError) {
      let decoded = try ShimFrame.decodeRequest(kind: header.kind, payload: payload)
      guard header.descriptorCount == descriptors.count else { throw .malformed }
      serve(connection, request, decoded, descriptors)
    } catch {
      refuse(connection, request, Errno.badMessage, "request not understood")
    }
  }

  func refuse(_ connection: Connection, _ request: UInt32, _ errno: Int32, _ text: String) {
    reply(connection, request, .refused(errno: errno, text: text))
  }

  private func serve(_ connection: Connection, _ request: UInt32, _ decoded: ShimRequest, _ descriptors: DescriptorList) {
    switch decoded {
    case .hello(let version): hello(connection, request, version)
    case .spawn(let spawn): self.spawn(connection, request, spawn, descriptors)
    case .list:
      let entries = processes.filter { !$0.discarded }
        .map { ProcessEntry(id: $0.id, pid: $0.pid, phase: $0.phase, exit: $0.exit) }
      reply(connection, request, .processes(entries))
    case .namespaces(let flags): namespaces(connection, request, flags)
    case .shutdown: beginShutdown(connection, request)
    case .start(let id, _), .signal(let id, _, _), .reopenLog(let id), .attach(let id, _), .resize(let id, _, _), .remove(let id):
      guard let process = process(id) else {
        return refuse(connection, request, Errno.noEntry, "no process " + id)
      }
      serve(connection, request, decoded, process, descriptors)
    }
  }

  private func serve(
    _ connection: Connection, _ request: UInt32, _ decoded: ShimRequest, _ process: ManagedProcess, _ descriptors: DescriptorList
  ) {
    switch decoded {
    case .start(_, let time): start(connection, request, process, time)
    case .signal(_, let number, let all): signal(connection, request, process, number, all)
    case .reopenLog:
      guard process.log != nil || process.logPath.isEmpty else {
        return refuse(connection, request, Errno.noProcess, "process has exited")
      }
      do throws(CallError) {
        try process.log?.reopen()
        reply(connection, request, .done)
      } catch {
        refuse(connection, request, error.code, error.call + " " + error.detail)
      }
    case .attach(_, let streams): attach(connection, request, process, streams, descriptors)
    case .resize(_, let columns, let rows):
      guard let raw = process.terminal?.raw else { return refuse(connection, request, Errno.notTerminal, "no terminal") }
      let result = cl_terminal_resize(raw, columns, rows)
      if result < 0 { refuse(connection, request, -result, "TIOCSWINSZ") } else { reply(connection, request, .done) }
    case .remove:
      guard process.phase == .exited else { return refuse(connection, request, Errno.busy, "process has not exited") }
      if !process.exitRecordPath.isEmpty { _ = unsafe cl_unlinkat(At.workingDirectory, process.exitRecordPath, 0) }
      forget(process)
      reply(connection, request, .done)
    case .hello, .spawn, .list, .namespaces, .shutdown: break
    }
  }

  /// Everybody who said hello gets the events: another one's hello does not take them from the agent. An agent that is gone closed its
  /// connection, one that hangs is cut off by its backlog.
  private func hello(_ connection: Connection, _ request: UInt32, _ version: UInt16) {
    connection.greeted = true
    reply(connection, request, .hello(version: min(version, ShimProtocol.version), pid: cl_getpid()))
  }

  private func start(_ connection: Connection, _ request: UInt32, _ process: ManagedProcess, _ time: Int64) {
    guard process.phase == .created, !process.waitsForStart, process.channel != nil else {
      return refuse(connection, request, Errno.busy, "process does not wait for its start")
    }
    process.waiting = (connection, request)
    process.waitsForStart = true
    process.exit.startedAt = time == 0 ? cl_realtime() : time
    proceed(process)
  }

  private func signal(_ connection: Connection, _ request: UInt32, _ process: ManagedProcess, _ number: Int32, _ all: Bool) {
    if all {
      if number == Signal.kill ? process.killCgroup() : process.signalCgroup(number) { return reply(connection, request, .done) }
    }
    if process.reaped { return refuse(connection, request, Errno.noProcess, "process has exited") }
    let result = cl_pidfd_send_signal(process.pidfd.raw, number)
    if result < 0 { refuse(connection, request, -result, "pidfd_send_signal") } else { reply(connection, request, .done) }
  }

  private func attach(
    _ connection: Connection, _ request: UInt32, _ process: ManagedProcess, _ streams: UInt8, _ descriptors: DescriptorList
  ) {
    if process.reaped { return refuse(connection, request, Errno.noProcess, "process has exited") }
    var index = 0
    for bit: UInt8 in 0..<3 where streams & (1 << bit) != 0 {
      guard let descriptor = descriptors.take(index) else {
        return refuse(connection, request, Errno.badDescriptor, "a descriptor is missing")
      }
      index += 1
      switch bit {
      case 0: process.input?.attach(descriptor, loop)
      case 1: process.output?.attach(descriptor)
      default: process.errorOutput?.attach(descriptor)
      }
    }
    reply(connection, request, .done)
  }

  private func namespaces(_ connection: Connection, _ request: UInt32, _ flags: UInt32) {
    guard let pause = process(""), !pause.reaped else {
      return refuse(connection, request, Errno.noProcess, "the sandbox's process does not run")
    }
    var numbers: [Int32] = []
    let kinds: [(UInt32, String)] = [
      (Namespace.net, "net"), (Namespace.ipc, "ipc"), (Namespace.uts, "uts"), (Namespace.pid, "pid"), (Namespace.user, "user"),
    ]
    for (flag, name) in kinds where flags & flag != 0 {
      do throws(CallError) {
        numbers.append(try Files.open("/proc/" + decimal(pause.pid) + "/ns/" + name, Open.readOnly).release())
      } catch {
        _ = DescriptorList(numbers)
        return refuse(connection, request, error.code, error.call + " " + error.detail)
      }
    }
    reply(connection, request, .done, DescriptorList(numbers))
  }
}
