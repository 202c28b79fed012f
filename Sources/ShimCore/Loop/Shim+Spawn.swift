import CLinux

extension Shim {
  /// Ends of the child's standard streams: its own, and podshim's.
  private struct Stdio: ~Copyable {
    var input: Descriptor?
    var output: Descriptor?
    var error: Descriptor?
    var feed: Descriptor?
    var outputSource: Descriptor?
    var errorSource: Descriptor?
  }

  func spawn(_ connection: Connection, _ request: UInt32, _ spawn: SpawnRequest, _ descriptors: DescriptorList) {
    if process(spawn.id) != nil { return refuse(connection, request, Errno.exists, "process exists: " + spawn.id) }
    if shutdown != nil { return refuse(connection, request, Errno.busy, "shutting down") }
    do throws(CallError) {
      let process = try make(spawn, descriptors)
      process.waiting = (connection, request)
      armTimer()
    } catch {
      reply(
        connection, request,
        .failed(SetupFailure(operation: 0xFFFF, call: error.call, errno: error.code, detail: error.detail)))
    }
  }

  private func make(_ spawn: SpawnRequest, _ descriptors: DescriptorList) throws(CallError) -> ManagedProcess {
    let log = spawn.logPath.isEmpty ? nil : try LogFile.open(spawn.logPath, in: spawn.logDirectory)
    var stdio = try makeStdio(spawn, descriptors)
    var pair: [Int32] = [-1, -1]
    try check(unsafe cl_socketpair_messages(&pair), "socketpair")
    let channel = Descriptor(adopting: pair[0])
    let childChannel = Descriptor(adopting: pair[1])

    var context = ChildContext(program: spawn.program, slots: [], channel: childChannel.raw)
    for index in 0..<descriptors.count { context.slots.append(descriptors.raw(index) ?? -1) }
    context.stdio = spawn.stdio
    context.standard = (stdio.input?.raw ?? -1, stdio.output?.raw ?? -1, stdio.error?.raw ?? -1)
    if spawn.stdio == .passed { context.standard = (context.slots[0], context.slots[1], context.slots[2]) }
    context.newUserNamespace = spawn.cloneFlags & UInt64(Namespace.user) != 0
    context.newPIDNamespace = spawn.cloneFlags & UInt64(Namespace.pid) != 0
    let pidNamespaceOwner = try joinPIDNamespace(spawn, &context)
    context.resetsOOMScore = lowersOOMScore
    if let joined = process(spawn.joinProcess), !joined.reaped { context.processFD = joined.pidfd.raw }

    var pidfd: Int32 = -1
    let cgroupRaw = descriptors.raw(Int(spawn.cgroupSlot)) ?? -1
    let result = unsafe cl_clone3(spawn.cloneFlags, &pidfd, cgroupRaw)
    if result == 0 { Interpreter.run(context) }
    let pid = try check(result, "clone3")

    let cgroup = descriptors.take(Int(spawn.cgroupSlot))
    let process = ManagedProcess(spawn, pid: pid, pidfd: Descriptor(adopting: pidfd), cgroup: cgroup)
    process.pidNamespaceOwner = pidNamespaceOwner
    process.log = log
    process.channel = consume channel
    processes.append(process)
    do throws(CallError) {
      try watch(process, spawn, &stdio)
      if context.newUserNamespace { try mapIDs(process, spawn) }
    } catch {
      process.discarded = true
      _ = cl_pidfd_send_signal(process.pidfd.raw, Signal.kill)
      throw error
    }
    return process
  }

  private func makeStdio(_ spawn: SpawnRequest, _ descriptors: DescriptorList) throws(CallError) -> Stdio {
    var stdio = Stdio()
    switch spawn.stdio {
    case .null, .terminal, .passedTerminal: break
    case .passed:
      guard descriptors.raw(0) != nil, descriptors.raw(1) != nil, descriptors.raw(2) != nil else {
        throw CallError("recvmsg", Errno.badDescriptor, "standard streams are missing")
      }
    case .pipes:
      try pipe(&stdio.outputSource, &stdio.output)
      try pipe(&stdio.errorSource, &stdio.error)
      if spawn.openStdin { try pipe(&stdio.input, &stdio.feed) }
    }
    return stdio
  }

  private func pipe(_ reading: inout Descriptor?, _ writing: inout Descriptor?) throws(CallError) {
    var pair: [Int32] = [-1, -1]
    try check(unsafe cl_pipe2(&pair), "pipe2")
    reading = Descriptor(adopting: pair[0])
    writing = Descriptor(adopting: pair[1])
  }

  private func watch(_ process: ManagedProcess, _ spawn: SpawnRequest, _ stdio: inout Stdio) throws(CallError) {
    if let raw = process.channel?.raw {
      _ = cl_set_nonblocking(raw)
      process.channelToken = try loop.add(raw, Loop.readable) { self.childMessage(process) }
    }
    if let source = stdio.outputSource.take() { process.output = try stream(source, process, isError: false) }
    if let source = stdio.errorSource.take() { process.errorOutput = try stream(source, process, isError: true) }
    if let feed = stdio.feed.take() {
      _ = cl_set_nonblocking(feed.raw)
      process.input = InputFeed(feed, closesWithFirst: spawn.stdinOnce)
    }
    if let cgroup = process.cgroup?.raw, let events = try? Files.open("memory.events", Open.readOnly, at: cgroup) {
      process.oomEvents = consume events
      process.oomKills = process.readOOMKills()
      if !process.isExec, let raw = process.oomEvents?.raw {
        process.oomToken = try loop.add(raw, Loop.priority) { self.oomEvent(process) }
      }
    }
  }

  func stream(_ source: consuming Descriptor, _ process: ManagedProcess, isError: Bool) throws(CallError) -> OutputStream {
    _ = cl_set_nonblocking(source.raw)
    let stream = OutputStream(source, isError: isError)
    stream.token = try loop.add(stream.source.raw, Loop.readable) {
      // Who holds it up is not asked when it has ended.
      _ = self.drain(stream, process, rest: stream.isHeldUp)
      if process.reaped { self.finishIfDrained(process) }
    }
    return stream
  }

  private func oomEvent(_ process: ManagedProcess) {
    let kills = process.readOOMKills()
    if kills > process.oomKills, !process.reaped, !process.exit.oomKilled {
      process.exit.oomKilled = true
      publish(.oom(id: process.id))
    }
  }

  /// podshim's own pid_for_children never changes: the set-up child changes its own.
  /// - Returns: the process the namespace was made for; nil when none is joined.
  private func joinPIDNamespace(_ spawn: SpawnRequest, _ context: inout ChildContext) throws(CallError) -> ManagedProcess? {
    if spawn.joinsPID {
      guard let target = process(spawn.joinPIDOf), !target.reaped else {
        throw CallError("setns", Errno.noProcess, "pid namespace of " + spawn.joinPIDOf)
      }
      context.pidTarget = target.pidfd.raw
      let owner = target.pidNamespaceOwner ?? target
      context.joinedProcfs = try owner.mountProcfs()
      return owner
    }
    guard spawn.pidNamespaceSlot < 0 else { throw CallError("setns", Errno.invalid, "pid namespace by descriptor") }
    return nil
  }

  private func mapIDs(_ process: ManagedProcess, _ spawn: SpawnRequest) throws(CallError) {
    let directory = "/proc/" + decimal(process.pid)
    for (name, mappings) in [("/uid_map", spawn.uidMappings), ("/gid_map", spawn.gidMappings)] {
      var text = ""
      for mapping in mappings {
        text += decimal(mapping.containerID) + " " + decimal(mapping.hostID) + " " + decimal(mapping.length) + "\n"
      }
      let file = try Files.open(directory + name, Open.writeOnly)
      try check(Files.write(text, to: file.raw), "write", directory + name)
    }
    if let channel = process.channel?.raw {
      let bytes = [ChildMessage.proceed.rawValue]
      try check(unsafe cl_write(channel, bytes, 1), "write", "id maps")
    }
  }
}
