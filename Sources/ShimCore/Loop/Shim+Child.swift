import CLinux

extension Shim {
  /// A message of a child in set-up, or the end of its channel.
  func childMessage(_ process: ManagedProcess) {
    while let raw = process.channel?.raw {
      var bytes = [UInt8](repeating: 0, count: 16384)
      var descriptors = [Int32](repeating: -1, count: ShimProtocol.maximumDescriptors)
      var number: Int32 = 0
      let count = unsafe cl_receive_descriptors(raw, &bytes, bytes.count, &descriptors, &number)
      if count == Int64(-Errno.again) { return }
      if count == Int64(-Errno.interrupted) { continue }
      let received = DescriptorList(Array(descriptors[0..<Int(max(0, number))]))
      guard count > 0, let message = ChildMessage(rawValue: bytes[0]) else { return channelEnded(process) }
      switch message {
      case .created:
        process.phase = .created
        spawned(process)
      case .executing: process.executing = true
      case .pausing:
        process.executing = true
        channelEnded(process)
      case .failed: failed(process, Array(bytes[1..<Int(count)]))
      case .terminal: takeTerminal(process, received)
      case .born: born(process, Array(bytes[1..<Int(count)]))
      case .procfs: if process.procfs == nil, process.procfsPath.isEmpty { process.procfs = received.take(0) }
      case .proceed: break
      }
    }
  }

  /// From here on its words and its end are the container's.
  private func born(_ process: ManagedProcess, _ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    do throws(CallError) {
      try process.born((try? reader.integer()) ?? -1, among: processes)
    } catch {
      closeChannel(process)
      return answerFailure(process, SetupFailure(operation: 0xFFFF, call: error.call, errno: error.code, detail: error.detail))
    }
    proceed(process)
  }

  /// Lets the child go on.
  func proceed(_ process: ManagedProcess) {
    guard let raw = process.channel?.raw else { return }
    let bytes = [ChildMessage.proceed.rawValue]
    _ = unsafe cl_write(raw, bytes, 1)
  }

  private func closeChannel(_ process: ManagedProcess) {
    if let raw = process.channel?.raw { loop.remove(process.channelToken, raw) }
    process.channel = nil
  }

  /// The descriptor closed itself in execve, or the child died before it got there.
  private func channelEnded(_ process: ManagedProcess) {
    closeChannel(process)
    guard process.executing else {
      return answerFailure(
        process, SetupFailure(operation: 0xFFFF, call: "waitid", errno: Errno.noChild, detail: "the process died in set-up"))
    }
    let wasCreated = process.phase == .created
    if process.phase != .exited { process.phase = .running }
    if wasCreated { answer(process, .done, nil) } else { spawned(process) }
  }

  private func failed(_ process: ManagedProcess, _ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    let failure: SetupFailure
    do throws(CodecError) {
      failure = try reader.failure()
    } catch {
      failure = SetupFailure(operation: 0xFFFF, call: "recvmsg", errno: Errno.badMessage, detail: "failure not understood")
    }
    closeChannel(process)
    answerFailure(process, failure)
  }

  private func answerFailure(_ process: ManagedProcess, _ failure: SetupFailure) {
    // A container that had been created stays and exits; a spawn that failed never was.
    if process.phase == .settingUp { process.discarded = true }
    process.exit.startedAt = 0
    endOfSetup(process)
    answer(process, .failed(failure), nil)
    if process.discarded, process.reaped { forget(process) }
  }

  /// Killed: a program that hangs on a dead file system, or spins under a filter that forbids it to end, must not last for ever.
  func setupTooLong(_ process: ManagedProcess) {
    _ = cl_pidfd_send_signal(process.pidfd.raw, Signal.kill)
    closeChannel(process)
    answerFailure(
      process, SetupFailure(operation: 0xFFFF, call: "waitid", errno: Errno.timedOut, detail: "set-up took too long, it was killed")
    )
  }

  private func endOfSetup(_ process: ManagedProcess) {
    if process.setupDeadline == 0 { return }
    process.setupDeadline = 0
    armTimer()
  }

  private func spawned(_ process: ManagedProcess) {
    endOfSetup(process)
    var numbers = [cl_dup_descriptor(process.pidfd.raw)]
    if numbers[0] < 0 { numbers = [] }
    if let terminal = process.passedTerminal.take() { numbers.append(terminal.release()) }
    answer(process, .spawned(pid: process.pid), DescriptorList(numbers))
  }

  private func answer(_ process: ManagedProcess, _ reply: ShimReply, _ descriptors: DescriptorList?) {
    guard let waiting = process.waiting else { return }
    process.waiting = nil
    self.reply(waiting.connection, waiting.request, reply, descriptors)
  }

  private func takeTerminal(_ process: ManagedProcess, _ received: DescriptorList) {
    guard process.hasTerminal, process.terminal == nil, process.passedTerminal == nil else { return }
    guard let master = received.take(0) else { return }
    if process.handsOverTerminal {
      process.passedTerminal = consume master
      return
    }
    let feed = cl_dup_descriptor(master.raw)
    let control = cl_dup_descriptor(master.raw)
    if feed >= 0 {
      _ = cl_set_nonblocking(feed)
      process.input = InputFeed(Descriptor(adopting: feed), closesWithFirst: false)
    }
    if control >= 0 { process.terminal = Descriptor(adopting: control) }
    process.output = try? stream(master, process, isError: false)
  }
}
