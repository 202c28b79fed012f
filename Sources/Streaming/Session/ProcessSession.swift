import LinuxSystem
import NIOCore

/// One client of exec or attach: moves bytes between its streams and the process's descriptors. Nothing is read that cannot be passed on.
final class ProcessSession: Session {
  /// A process in the background may hold the streams of one that has ended: how long without a byte until nobody waits for it.
  private static let quiet = TimeAmount.seconds(1)
  /// More than a pipe can hold was not written by the process that has ended.
  private static let restLimit = 1 << 20

  private let request: ProcessRequest
  private let creationTimeout: TimeAmount
  private let endPatience: TimeAmount
  private var machine: ProcessSessionMachine
  private var transport: (any SessionTransport)?
  private var streams: [ProcessStream: UInt32] = [:]
  private var names: [UInt32: ProcessStream] = [:]

  private var process: ProcessStreams?
  private var sources: [ProcessStream: DescriptorSource] = [:]
  private var input: DescriptorSink?
  /// What the client sent before the process was there.
  private var early: [ByteBuffer] = []
  private var earlyBytes = 0
  private var inputEnded = false
  private var sizes = TerminalSizes()
  private var size: (columns: UInt16, rows: UInt16)?
  private var timer: Scheduled<Void>?
  /// Waits for the end of the process.
  private var waiting: Task<Void, Never>?
  /// Bytes that came after the process had ended, and since the timer was set.
  private var rest = (all: 0, lately: 0)

  /// - Parameters:
  ///   - streams: what the client has to open.
  ///   - endPatience: how long the end of a process that is looked at may be behind that of its outputs.
  init(
    _ request: ProcessRequest, _ streams: Set<ProcessStream>, isAttached: Bool = false, creationTimeout: TimeAmount,
    endPatience: TimeAmount
  ) {
    self.request = request
    self.endPatience = endPatience
    self.creationTimeout = creationTimeout
    machine = ProcessSessionMachine(streams, isAttached: isAttached)
  }

  func begin(_ transport: any SessionTransport) {
    self.transport = transport
    let session = NIOLoopBound(self, eventLoop: transport.loop)
    timer = transport.loop.scheduleTask(in: creationTimeout) { session.value.tookTooLong() }
  }

  private func tookTooLong() { perform(machine.streamsTookTooLong()) }

  // MARK: The client

  func opened(_ stream: UInt32, _ headers: SPDYHeaders) -> Bool {
    guard let name = headers["streamtype"].flatMap({ ProcessStream(rawValue: $0) }), let actions = machine.streamOpened(name) else {
      return false
    }
    (streams[name], names[stream]) = (stream, name)
    perform(actions)
    return true
  }

  func received(_ bytes: ByteBuffer, on stream: UInt32) {
    switch names[stream] {
    case .stdin: write(bytes)
    case .resize:
      guard let size = sizes.add(bytes.readableBytesView) else { return }
      self.size = size
      process?.resize(size.columns, size.rows)
    default: break
    }
  }

  private func write(_ bytes: ByteBuffer) {
    if let input {
      input.write(bytes)
      if !input.isWritable { transport?.setReading(false) }
    } else if process == nil {
      early.append(bytes)
      earlyBytes += bytes.readableBytes + DescriptorSink.pieceCost
      if earlyBytes >= DescriptorSink.highMark { transport?.setReading(false) }
    }
  }

  func ended(_ stream: UInt32) {
    guard names[stream] == .stdin else { return }
    inputEnded = true
    input?.end()
  }

  func wasReset(_ stream: UInt32) {
    // A client that wants no more of an output gets no more; that it is gone shows on the connection.
    guard let name = names[stream] else { return }
    if name == .stdin { ended(stream) }
    if let source = sources.removeValue(forKey: name) {
      source.stop()
      perform(machine.outputEnded(name))
    }
  }

  func writabilityChanged() {
    let isWritable = transport?.isWritable ?? false
    for source in sources.values { isWritable ? source.resume() : source.pause() }
  }

  func clientGone() {
    perform(machine.clientGone())
    timer?.cancel()
    transport = nil
  }

  // MARK: The process

  private func perform(_ actions: [ProcessSessionMachine.Action]) {
    for action in actions {
      switch action {
      case .open: open()
      case .startStreams: startStreams()
      case .limitOutput: limitOutput()
      case .awaitEnd: awaitEnd()
      case .report(let end): report(end)
      case .closeConnection: transport?.finish()
      case .abandon: abandon()
      case .abandonOpened: break
      }
    }
  }

  private func open() {
    guard let transport else { return }
    timer?.cancel()
    let (session, loop, open) = (NIOLoopBound(self, eventLoop: transport.loop), transport.loop, request.open)
    Task {
      do {
        let process = try await open()
        loop.execute { session.value.opened(process) }
      } catch {
        let end = error as? ProcessEnd ?? .failed("\(error)")
        loop.execute { session.value.perform(session.value.machine.openFailed(end)) }
      }
    }
  }

  private func opened(_ process: ProcessStreams) {
    let actions = machine.opened()
    if actions == [.abandonOpened] { return process.abandoned() }
    self.process = process
    perform(actions)
  }

  private func startStreams() {
    guard let transport, let process else { return }
    let (session, loop) = (NIOLoopBound(self, eventLoop: transport.loop), transport.loop)
    if let size { process.resize(size.columns, size.rows) }
    if let descriptor = process.input {
      let sink = DescriptorSink(descriptor, on: loop) { session.value.transport?.setReading(true) }
      input = sink
      for bytes in early { sink.write(bytes) }
      if inputEnded { sink.end() }
    }
    (early, earlyBytes) = ([], 0)
    transport.setReading(input?.isWritable ?? true)
    for (name, descriptor) in [(ProcessStream.stdout, process.output), (.stderr, process.error)] {
      guard let descriptor else {
        if streams[name] != nil { perform(machine.outputEnded(name)) }
        continue
      }
      // What nobody wants is read all the same: a terminal that nobody reads holds up who writes to it.
      sources[name] = DescriptorSource(
        descriptor, on: loop, onBytes: { session.value.pass($0, on: name) }, onEnd: { session.value.outputEnded(name) })
    }
    // Held by the source and the sink alone from here on: their end closes them.
    self.process?.input = nil
    self.process?.output = nil
    self.process?.error = nil
    writabilityChanged()
    let ended = process.ended
    waiting = Task {
      let end = await ended()
      loop.execute { session.value.perform(session.value.machine.processEnded(end)) }
    }
  }

  private func pass(_ bytes: ByteBuffer, on name: ProcessStream) {
    guard let transport else { return }
    if let stream = streams[name] { transport.send(bytes, on: stream) }
    rest.all += bytes.readableBytes
    rest.lately += bytes.readableBytes
    if !transport.isWritable { sources[name]?.pause() }
  }

  private func outputEnded(_ name: ProcessStream) {
    sources[name] = nil
    perform(machine.outputEnded(name))
  }

  private func awaitEnd() {
    guard let transport else { return }
    let session = NIOLoopBound(self, eventLoop: transport.loop)
    timer = transport.loop.scheduleTask(in: endPatience) { session.value.perform(session.value.machine.endTookTooLong()) }
  }

  /// The streams are read to their end; when others hold them, until nothing came for a while.
  private func limitOutput() {
    timer?.cancel()
    rest = (0, 0)
    watchRest()
  }

  private func watchRest() {
    guard let transport else { return }
    let session = NIOLoopBound(self, eventLoop: transport.loop)
    rest.lately = 0
    timer = transport.loop.scheduleTask(in: Self.quiet) { session.value.endRest() }
  }

  private func endRest() {
    let isHeldUp = sources.values.contains { $0.isPaused }
    if isHeldUp || rest.lately > 0 && rest.all < Self.restLimit { return watchRest() }
    for (name, source) in sources {
      source.stop()
      outputEnded(name)
    }
  }

  private func report(_ end: ProcessEnd) {
    timer?.cancel()
    input?.stop()
    process = nil
    guard let transport else { return }
    // A process that has ended takes no more: nothing the client still sends holds it up.
    transport.setReading(true)
    for name in [ProcessStream.stdout, .stderr, .stdin, .resize] { if let stream = streams[name] { transport.end(stream) } }
    if let stream = streams[.error] {
      let status = ExitStatus.bytes(end, hasStatus: transport.hasStatus)
      if !status.isEmpty { transport.send(ByteBuffer(bytes: status), on: stream) }
      transport.end(stream)
    }
    transport.finish()
  }

  private func abandon() {
    waiting?.cancel()
    for source in sources.values { source.stop() }
    sources = [:]
    input?.stop()
    process?.abandoned()
    process = nil
  }
}
