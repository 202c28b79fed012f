import LinuxSystem
import Logging
import RuntimeAPI
import ShimCore
import Synchronization

/// The agent's tie to one podshim for the pod's whole life. A connection may break and is made anew, with back-off; only the end of the
/// process, seen through its pidfd, or a socket nobody listens on any more, is the end of podshim. A podshim that is stopped or hangs
/// costs its callers their deadlines, and nobody else anything: the connection waits until it answers.
final class ShimLink: Sendable {
  /// What the sandbox has to know; must not block.
  struct Handlers: Sendable {
    var event: @Sendable (ShimEvent) -> Void
    /// All processes of podshim, after a connection was made and whenever something may have been missed; in the order of events.
    var listed: @Sendable ([ProcessEntry]) -> Void
    /// podshim has ended. Told once.
    var died: @Sendable () -> Void
  }

  static let callTimeout = Duration.seconds(5)
  /// Making a process opens volumes and logs, which may be slow.
  static let spawnTimeout = Duration.seconds(30)
  private static let shortestListPause = Duration.milliseconds(50)
  private static let reconnectDelays: [Duration] = [.milliseconds(10), .milliseconds(100), .milliseconds(500), .seconds(2)]

  private struct State {
    var connection: ShimConnection?
    /// Opens with the next connection that answers, or the end.
    var answered = Latch()
    var process: PidFD?
    var dead = false
    var closed = false
    /// Tries since the last connection that answered.
    var attempts = 0
    /// podshim's list is asked for once more after a pause, the next one.
    var willList = false
    var listPause = ShimLink.shortestListPause
  }
  private let state = Mutex(State())
  private let directory: String
  private let handlers: Handlers
  private let logger: Logger
  /// Opens when podshim has ended.
  let ended = Latch()
  /// Opens when podshim has told what it has for the first time, or has ended.
  let reached = Latch()

  init(directory: String, handlers: Handlers, logger: Logger) {
    self.directory = directory
    self.handlers = handlers
    self.logger = logger
  }

  /// podshim's pid; 0 before it is known.
  var pid: Int32 { process?.pid ?? 0 }
  var process: PidFD? { state.withLock { $0.process } }
  /// The connection, when podshim has answered on it.
  var isConnected: Bool { state.withLock { $0.connection != nil } }
  var protocolVersion: UInt16? { state.withLock { $0.connection?.version } }

  // MARK: Beginning

  /// For a podshim that is being started with the other end of `stream`: requests may be sent before it runs.
  func begin(_ stream: UnixStream) throws(SystemCallError) {
    let connection = try make(stream)
    connection.post(.hello(version: ShimProtocol.version))
    let answered = state.withLock { state in
      state.connection = connection
      return state.answered
    }
    answered.open()
    try connection.begin()
  }

  /// From now on the end of `process` is podshim's.
  func watch(_ process: PidFD) {
    let known = state.withLock { state in
      defer { state.process = state.process ?? process }
      return state.process != nil
    }
    if !known { awaitEnd(of: process) }
  }

  /// Without a task: it would hold its memory for as long as the pod lives.
  private func awaitEnd(of process: PidFD) {
    do {
      try process.onExit { Task { self.died() } }
    } catch {
      // No descriptor or memory to wait with: the process may well live.
      if process.hasExited {
        Task { self.died() }
        return
      }
      _ = Alarm.call(after: .seconds(1)) { [self] in
        if !state.withLock({ $0.closed }) { awaitEnd(of: process) }
      }
    }
  }

  /// Connects to a podshim of an earlier agent; returns at once. `listed` or `died` will tell.
  func connect() { reconnect() }

  /// Lets go of podshim without ending it.
  func close() {
    let connection = state.withLock { state in
      state.closed = true
      defer { state.connection = nil }
      return state.connection
    }
    connection?.end()
  }

  // MARK: Calls

  /// Sends a request and waits for its reply, also for a connection that is being made, no longer than `timeout` in all.
  func call(
    _ request: ShimRequest, descriptors: [SharedDescriptor] = [], needing version: UInt16 = 1,
    within timeout: Duration = ShimLink.callTimeout
  ) async throws(ShimError) -> ShimConnection.Answer {
    if let fault = Faults.call(request.word) {
      return try await call(request, descriptors: descriptors, needing: version, within: timeout, failing: fault)
    }
    let deadline = ContinuousClock.now + timeout
    while true {
      let connection = try await connection(until: deadline, request.word)
      do throws(ShimError) {
        return try await connection.call(request, descriptors: descriptors, needing: version, until: deadline)
      } catch {
        switch error {
        // The next connection is being made.
        case .notSent where ContinuousClock.now < deadline && !Task.isCancelled: try? await Alarm.sleep(for: .milliseconds(5))
        // Its death and the end of the connection come on different ways.
        case .unanswered where state.withLock({ $0.dead || $0.process?.hasExited == true }): throw .gone
        default: throw error
        }
      }
    }
  }

  private func connection(until deadline: ContinuousClock.Instant, _ what: String) async throws(ShimError) -> ShimConnection {
    while true {
      let (connection, answered) = try state.withLock { (state) throws(ShimError) in
        if state.dead || state.closed { throw .gone }
        return (state.connection, state.answered)
      }
      if let connection { return connection }
      let rest = ContinuousClock.now.duration(to: deadline)
      guard rest > .zero, await answered.wait(atMost: rest) else {
        if Task.isCancelled { throw .cancelled }
        throw .unanswered(what)
      }
    }
  }

  /// Sends a request whose reply nobody waits for; without a connection it is dropped: podshim's list will show what is left to be done.
  func post(_ request: ShimRequest) { state.withLock { $0.connection }?.post(request) }

  /// Makes a process; a set-up that failed is told as a sentence about what was being done.
  func spawn(
    _ request: SpawnRequest, descriptors: [SharedDescriptor], program: [SetupOperation], command: [String]
  ) async throws(RuntimeError) -> ShimConnection.Answer {
    do throws(ShimError) {
      return try await call(
        .spawn(request), descriptors: descriptors, needing: ShimProtocol.version(neededBy: program), within: Self.spawnTimeout)
    } catch {
      throw error.explained(program, command)
    }
  }

  // MARK: Connection

  /// The next one is made at once.
  func breakConnection() { state.withLock { $0.connection }?.end() }

  private func make(_ stream: UnixStream) throws(SystemCallError) -> ShimConnection {
    try ShimConnection(
      stream,
      handlers: .init(
        event: handlers.event, listed: handlers.listed, late: { [weak self] in self?.resynchronise() },
        ended: { [weak self] in self?.reconnect() }))
  }

  /// Asks what podshim has, when a reply came too late to be believed by its caller.
  private func resynchronise() {
    state.withLock { $0.connection }?.post(.list)
  }

  /// What is under way has no other way to be known: podshim answers on the connection on which it was asked, and that one is lost.
  /// - Parameter isUnderway: false: all is known.
  func listAgain(_ isUnderway: Bool) {
    let pause = state.withLock { state -> Duration? in
      guard isUnderway else {
        state.listPause = Self.shortestListPause
        return nil
      }
      if state.willList || state.dead || state.closed { return nil }
      defer { state.listPause = min(state.listPause * 2, .seconds(5)) }
      state.willList = true
      return state.listPause
    }
    guard let pause else { return }
    Task { [weak self] in
      try? await Alarm.sleep(for: pause)
      self?.state.withLock { $0.willList = false }
      self?.resynchronise()
    }
  }

  private func reconnect() {
    let goesOn = state.withLock { state in
      if state.dead || state.closed { return false }
      if state.connection != nil { (state.connection, state.answered) = (nil, Latch()) }
      return true
    }
    guard goesOn else { return }
    Task { [self] in
      while true {
        let attempt = state.withLock { state in
          defer { state.attempts += 1 }
          return state.attempts
        }
        if attempt > 0 {
          try? await Alarm.sleep(for: Self.reconnectDelays[min(attempt, Self.reconnectDelays.count) - 1])
        }
        if state.withLock({ $0.dead || $0.closed }) { return }
        // Powers of two: what does not answer for days is not told every two seconds.
        if await connectOnce(isTold: attempt & (attempt - 1) == 0) { return }
      }
    }
  }

  /// One try; true when there is nothing more to do here: connected (however long podshim takes to answer), or podshim has ended.
  private func connectOnce(isTold: Bool) async -> Bool {
    let directory = directory
    do throws(SystemCallError) {
      let stream = try await runBlocking { () throws(SystemCallError) in
        try UnixStream.connect(directory: directory, name: "shim.sock")
      }
      let connection = try make(stream)
      try connection.begin()
      Task { [self] in await greet(connection) }
      return true
    } catch {
      if let process = state.withLock({ $0.process }) {
        if process.hasExited { died() }
        return process.hasExited
      }
      do {
        // Nobody listens (ECONNREFUSED), or there is no socket (ENOENT): gone, unless the process that should listen is there. Nobody
        // accepts (EAGAIN): it is stopped.
        let process = try await runBlocking { () throws(SystemCallError) in try ShimProcess.find(directory: directory) }
        if let process {
          watch(process)
        } else if error.code == 111 || error.code == Errno.noEntry {
          died()
          return true
        }
      } catch {
        logger.warning("Cannot look for podshim", metadata: ["directory": "\(directory)", "error": "\(error)"])
      }
      if isTold {
        logger.warning("Cannot reach podshim", metadata: ["directory": "\(directory)", "error": "\(error)"])
      }
      return false
    }
  }

  /// Waits for podshim's answer as long as it takes, then asks what it has.
  private func greet(_ connection: ShimConnection) async {
    let directory = directory
    let process = await runBlocking { () -> PidFD? in try? ShimProcess.find(directory: directory) }
    if let process { watch(process) }
    do throws(ShimError) {
      guard case .hello(_, let pid) = try await connection.call(.hello(version: ShimProtocol.version), until: nil).reply else {
        return connection.end()
      }
      if state.withLock({ $0.process == nil }) {
        do { watch(try PidFD(opening: pid)) } catch { return connection.end() }
      }
      let answered = state.withLock { state -> Latch? in
        if state.closed || state.dead { return nil }
        (state.connection, state.attempts) = (connection, 0)
        return state.answered
      }
      guard let answered else { return connection.end() }
      answered.open()
      // What it has is told to the handlers in the order of the connection.
      _ = try await connection.call(.list, until: nil)
      reached.open()
    } catch {
      connection.end()
    }
  }

  private func died() {
    let (first, connection, answered) = state.withLock { state in
      defer { (state.dead, state.connection) = (true, nil) }
      return (!state.dead, state.connection, state.answered)
    }
    guard first else { return }
    connection?.end()
    handlers.died()
    answered.open()
    reached.open()
    ended.open()
  }
}
