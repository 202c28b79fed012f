import CLinux

extension Shim {
  /// A message of a child in set-up, or the end of its channel.
  func childMessage(_ process: ManagedProcess) {
    while let raw = process.channel?.raw {
      var bytes = [UInt8](repeating: 0, count: 16384)
      var descriptors = [Int32](repeating: -1, count: 32)
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
      case .proceed: break
      }
    }
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
    answer(process, .failed(failure), nil)
    if process.discarded, process.reaped { forget(process) }
  }

  private func spawned(_ process: ManagedProcess) {
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
