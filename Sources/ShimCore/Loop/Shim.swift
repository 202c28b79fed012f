import CLinux

/// podshim's state and its loop. One thread, and what it waits for it waits for in epoll: sockets, pipes and terminals are non-blocking.
/// Files are not: a write to a log on a file system that hangs (NFS, FUSE), an exit record or a mount that does not come back stops this
/// podshim, and with it its pod's logs and replies, until the file system answers. Nothing else is stopped: other pods have podshims of
/// their own, and the agent puts a deadline on every call.
public final class Shim {
  /// An agent, the one that replaces it, and whoever looks at a pod by hand.
  private static let maximumConnections = 16

  let loop: Loop
  let listener: Descriptor
  let signals: Descriptor
  let timer: Descriptor
  let lowersOOMScore: Bool
  var processes: [ManagedProcess] = []
  var connections: [Connection] = []
  /// Who asked for shutdown, and until when (CLOCK_MONOTONIC nanoseconds) it may take.
  var shutdown: (connection: Connection, request: UInt32, deadline: Int64)?
  var stopped = false
  /// Shared by all streams; made with the first output.
  private var buffer: [UInt8] = []

  init(loop: Loop, listener: consuming Descriptor, signals: consuming Descriptor, timer: consuming Descriptor, lowersOOMScore: Bool)
  {
    self.loop = loop
    self.listener = listener
    self.signals = signals
    self.timer = timer
    self.lowersOOMScore = lowersOOMScore
  }

  /// Runs until a shutdown request.
  public func run() {
    while !stopped { loop.runOnce() }
  }

  func watchBasics() throws(CallError) {
    _ = try loop.add(listener.raw, Loop.readable) { self.accept() }
    _ = try loop.add(signals.raw, Loop.readable) { self.childSignal() }
    _ = try loop.add(timer.raw, Loop.readable) { self.timeout() }
  }

  /// One whose set-up failed is only waiting to be reaped: its id is free again.
  func process(_ id: String) -> ManagedProcess? { processes.first { $0.id == id && !$0.discarded } }

  private func accept() {
    let raw = cl_accept(listener.raw)
    guard raw >= 0 else { return }
    let socket = Descriptor(adopting: raw)
    dropClosed()
    if cl_peer_uid(raw) == 0, connections.count < Self.maximumConnections { add(socket) }
  }

  func add(_ socket: consuming Descriptor) {
    _ = cl_set_nonblocking(socket.raw)
    let connection = Connection(socket)
    guard let token = try? loop.add(connection.socket.raw, Loop.readable, { self.serve(connection) }) else { return }
    connection.token = token
    connections.append(connection)
  }

  private func serve(_ connection: Connection) {
    connection.flush(loop)
    let open = connection.receive { header, payload, descriptors in
      handle(connection, header, payload, descriptors)
    }
    if !open { drop(connection) }
  }

  /// The agent died or was replaced: containers never notice. Replies it waited for are lost; the facts stay in `list`.
  func drop(_ connection: Connection) {
    connection.close(loop)
    connections.removeAll { $0 === connection }
    for process in processes where process.waiting?.connection === connection { process.waiting = nil }
  }

  func reply(_ connection: Connection, _ request: UInt32, _ reply: ShimReply, _ descriptors: DescriptorList? = nil) {
    connection.send(
      ShimFrame.encode(reply, id: request, descriptorCount: descriptors?.count ?? 0), descriptors, loop: loop)
  }

  func publish(_ event: ShimEvent) {
    for connection in connections where connection.greeted { connection.send(ShimFrame.encode(event), loop: loop) }
    dropClosed()
  }

  /// A connection that failed while something was sent closed itself: the loop never calls for it again, and it must not take the place
  /// of another.
  private func dropClosed() {
    for connection in connections where connection.closed { drop(connection) }
  }

  /// - Parameter rest: see `OutputStream.drain`.
  func drain(_ stream: OutputStream, _ process: ManagedProcess, rest: Bool = false) -> Bool {
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 16384) }
    let more = stream.drain(&buffer, process.log, loop, rest: rest)
    if stream.isHeldUp { armTimer() }
    reportLoss(process)
    return more
  }

  func reportLoss(_ process: ManagedProcess, atEnd: Bool = false) {
    guard let loss = process.log?.takeLoss(atEnd: atEnd) else { return }
    publish(.logLost(id: process.id, lines: loss.lines, errno: loss.errno))
  }

  /// Sets the one timer to the earliest deadline, or off.
  func armTimer() {
    var earliest = shutdown?.deadline ?? 0
    for process in processes {
      let deadlines = [
        process.drainDeadline, process.setupDeadline, process.output?.deadline ?? 0, process.errorOutput?.deadline ?? 0,
      ]
      for deadline in deadlines where deadline != 0 {
        if earliest == 0 || deadline < earliest { earliest = deadline }
      }
    }
    _ = cl_timerfd_set(timer.raw, earliest)
  }
}
