import LinuxRuntime
import LinuxSystem
import RuntimeAPI
import ShimCore
import Synchronization

/// One connection to a podshim: requests with replies, and events. No call waits longer than it was told to: podshim may be stopped, or
/// hang in a write to a dead disk. A reply that comes after its call gave up is reported as late.
final class ShimConnection: Sendable {
  struct Answer: Sendable {
    let reply: ShimReply
    let descriptors: [SharedDescriptor]
  }

  /// What the owner wants to know; called on the descriptor thread, must not block.
  struct Handlers: Sendable {
    var event: @Sendable (ShimEvent) -> Void
    /// A list of all processes: told before anything that came after it is.
    var listed: @Sendable ([ProcessEntry]) -> Void
    /// A reply nobody waits for any more: what podshim did is to be found out.
    var late: @Sendable () -> Void
    /// The connection broke. That says nothing about podshim.
    var ended: @Sendable () -> Void
  }

  private struct Call {
    /// nil: it gave up.
    var continuation: CheckedContinuation<Result<Answer, ShimError>, Never>?
    var deadline: ContinuousClock.Instant?
    var what: String
  }
  private struct State {
    var next: UInt32 = 1
    var calls: [UInt32: Call] = [:]
    var inbox = ShimInbox()
    /// Bytes podshim's buffer did not take yet: frames, or rests of them.
    var outgoing: [(bytes: ArraySlice<UInt8>, descriptors: [SharedDescriptor])] = []
    var outgoingBytes = 0
    /// The monitor calls when podshim takes something, too.
    var watchesWritability = false
    /// When the timer rings, and its name; nil: it is off, as nobody waits.
    var alarm: (at: ContinuousClock.Instant, ticket: Alarm.Ticket)?
    var token: DescriptorMonitor.Token?
    var version: UInt16?
    var ended = false
  }
  private let state = Mutex(State())
  private let stream: UnixStream
  private let handlers: Handlers
  /// More than this waits for no podshim that works.
  static let outgoingLimit = 2 * ShimProtocol.maximumFrame

  /// Takes a connected stream. Call `end` when it is not needed any more.
  init(_ stream: UnixStream, handlers: Handlers) throws(SystemCallError) {
    self.stream = stream
    self.handlers = handlers
    try stream.setNonBlocking()
  }

  /// Begins to receive; apart from `init` so that nothing is handled before the owner knows the connection.
  func begin() throws(SystemCallError) {
    let token = DescriptorMonitor.shared.makeToken()
    state.withLock { $0.token = token }
    do {
      try stream.withRaw { raw throws(SystemCallError) in
        try DescriptorMonitor.shared.add(raw, as: token) { [weak self] in self?.isReady() }
      }
    } catch {
      state.withLock { $0.token = nil }
      throw error
    }
    // What was sent before this, also while the monitor did not know the token.
    state.withLock { $0.watchesWritability = false }
    flush()
  }

  /// The protocol both sides speak; nil before podshim said it.
  var version: UInt16? { state.withLock { $0.version } }

  // MARK: Calls

  /// Sends a request and waits for its reply, at most until `deadline`; nil: as long as the connection lives.
  /// - Parameter version: the protocol the request needs. A pod keeps the podshim it was made with for all its life, which may be older
  ///   than the agent by many versions: it is never asked for what it cannot do.
  func call(
    _ request: ShimRequest, descriptors: [SharedDescriptor] = [], needing version: UInt16 = 1,
    until deadline: ContinuousClock.Instant?
  ) async throws(ShimError) -> Answer {
    let id = state.withLock { state in
      defer { state.next = state.next == .max ? 1 : state.next + 1 }
      return state.next
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let outcome = state.withLock { state -> Result<Void, ShimError> in
          if Task.isCancelled { return .failure(.cancelled) }
          if let spoken = state.version, spoken < version { return .failure(.tooOld(version: spoken, needed: version)) }
          let enqueued = Self.enqueue(&state, request, id, descriptors)
          if case .failure(let error) = enqueued { return .failure(error) }
          state.calls[id] = Call(continuation: continuation, deadline: deadline, what: request.word)
          setAlarm(&state)
          return .success(())
        }
        switch outcome {
        case .failure(let error): continuation.resume(returning: .failure(error))
        case .success:
          flush()
        }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        defer { setAlarm(&state) }
        return state.calls[id]?.continuation.take()
      }
      continuation?.resume(returning: .failure(.cancelled))
    }
    return try result.get()
  }

  /// Sends a request whose reply nobody needs to wait for.
  func post(_ request: ShimRequest) {
    let sent = state.withLock { state in
      defer { state.next = state.next == .max ? 1 : state.next + 1 }
      return Self.enqueue(&state, request, state.next, [])
    }
    if case .success = sent { flush() }
  }

  private static func enqueue(
    _ state: inout State, _ request: ShimRequest, _ id: UInt32, _ descriptors: [SharedDescriptor]
  ) -> Result<Void, ShimError> {
    guard !state.ended else { return .failure(.notSent) }
    guard descriptors.count <= ShimProtocol.maximumDescriptors(version: state.version ?? ShimProtocol.version) else {
      return .failure(.refused(errno: 7 /* E2BIG */, text: "too many mounts for the podshim of this pod"))
    }
    let frame = ShimFrame.encode(request, id: id, descriptorCount: descriptors.count)
    // podshim would take a larger one for garbage and hang up.
    guard frame.count <= ShimProtocol.maximumFrame else {
      return .failure(.refused(errno: 7 /* E2BIG */, text: "the request is too large"))
    }
    guard state.outgoingBytes + frame.count <= outgoingLimit else { return .failure(.unanswered("it takes no more requests")) }
    state.outgoing.append((frame[...], descriptors))
    state.outgoingBytes += frame.count
    return .success(())
  }

  /// One timer for all calls, as most are answered long before it rings: set anew only for an earlier deadline, off when nobody waits.
  private func setAlarm(_ state: inout State) {
    let next = state.calls.values.compactMap { $0.continuation == nil ? nil : $0.deadline }.min()
    if let alarm = state.alarm {
      if let next, alarm.at <= next { return }
      Alarm.forget(alarm.ticket)
      state.alarm = nil
    }
    guard let next else { return }
    let ticket = Alarm.call(after: ContinuousClock.now.duration(to: next)) { [weak self] in self?.expire() }
    state.alarm = (next, ticket)
  }

  private func expire() {
    let now = ContinuousClock.now
    let expired = state.withLock { state in
      state.alarm = nil
      defer { setAlarm(&state) }
      return state.calls.compactMap { id, call -> (CheckedContinuation<Result<Answer, ShimError>, Never>, String)? in
        guard let continuation = call.continuation, let deadline = call.deadline, deadline <= now else { return nil }
        state.calls[id]?.continuation = nil
        return (continuation, call.what)
      }
    }
    for (continuation, what) in expired { continuation.resume(returning: .failure(.unanswered(what))) }
  }

  // MARK: Sending

  /// Frames leave whole and in order. What podshim does not take at once is sent when it takes something.
  private func flush() {
    do throws(SystemCallError) {
      try state.withLock { state throws(SystemCallError) in
        if state.ended { return }
        try Self.send(&state, stream)
        watchWritability(&state, !state.outgoing.isEmpty)
      }
    } catch {
      end()
    }
  }

  /// Under the lock: or an older wish could overtake a newer one.
  private func watchWritability(_ state: inout State, _ watches: Bool) {
    guard let token = state.token, state.watchesWritability != watches else { return }
    state.watchesWritability = watches
    stream.withRaw { raw in DescriptorMonitor.shared.watch(token, raw, writability: watches) }
  }

  private static func send(_ state: inout State, _ stream: UnixStream) throws(SystemCallError) {
    while let (bytes, descriptors) = state.outgoing.first {
      let sent = try withRawDescriptors(descriptors) { raws throws(SystemCallError) in
        try stream.sendAvailable(bytes, descriptors: raws)
      }
      if sent == 0 { return }
      state.outgoingBytes -= sent
      if sent == bytes.count { state.outgoing.removeFirst() } else { state.outgoing[0] = (bytes.dropFirst(sent), []) }
    }
  }

  // MARK: Receiving

  private func isReady() {
    if state.withLock({ $0.watchesWritability }) { flush() }
    receive()
  }

  private func receive() {
    do throws(SystemCallError) {
      let (bytes, descriptors) = try stream.receive()
      if bytes.isEmpty { return end() }
      state.withLock { $0.inbox.add(bytes, descriptors) }
      while let frame = try state.withLock({ state throws(SystemCallError) in try state.inbox.next() }) { handle(frame) }
    } catch {
      if error.code != Errno.again { end() }
    }
  }

  private func handle(_ frame: ShimInbox.Frame) {
    guard frame.requestID != 0 else {
      // An event of a newer podshim is skipped.
      if let event = try? ShimFrame.decodeEvent(kind: frame.kind, payload: frame.payload) { handlers.event(event) }
      return
    }
    let result = frame.result
    if case .success(let answer) = result, case .processes(let entries) = answer.reply { handlers.listed(entries) }
    let call = state.withLock { state in
      if case .success(let answer) = result, case .hello(let version, _) = answer.reply {
        state.version = min(version, ShimProtocol.version)
      }
      defer { setAlarm(&state) }
      return state.calls.removeValue(forKey: frame.requestID)
    }
    if let call {
      if let waiting = call.continuation { waiting.resume(returning: result) } else { handlers.late() }
    }
    // A descriptor that did not fit may be followed by others: only a new connection knows which is whose.
    if case .failure(.noDescriptors) = result { end() }
  }

  /// Closes the connection; calls under way fail.
  func end() {
    typealias Ended = (continuations: [CheckedContinuation<Result<Answer, ShimError>, Never>], token: DescriptorMonitor.Token?)
    let ended = state.withLock { state -> Ended? in
      if state.ended { return nil }
      let ended = (state.calls.values.compactMap(\.continuation), state.token)
      state.calls = [:]
      setAlarm(&state)
      state.outgoing = []
      (state.token, state.ended) = (nil, true)
      return ended
    }
    guard let ended else { return }
    if let token = ended.token { stream.withRaw { raw in DescriptorMonitor.shared.remove(token, raw) } }
    for continuation in ended.continuations { continuation.resume(returning: .failure(.unanswered("the connection broke"))) }
    handlers.ended()
  }
}
