import LinuxRuntime
import LinuxSystem
import RuntimeAPI
import ShimCore
import Synchronization

/// The agent's end of one podshim: requests with replies, and events. One connection at a time; when it ends every call under way fails
/// and `closed` opens.
final class ShimConnection: Sendable {
  struct Answer: Sendable {
    let reply: ShimReply
    let descriptors: [SharedDescriptor]
  }

  private struct State {
    var next: UInt32 = 1
    var waiting: [UInt32: CheckedContinuation<Answer?, Never>] = [:]
    var buffer: [UInt8] = []
    var descriptors: [SharedDescriptor] = []
    var token: DescriptorMonitor.Token?
    var ended = false
  }
  private let state = Mutex(State())
  private let stream: UnixStream
  private let onEvent: @Sendable (ShimEvent) -> Void
  /// Opens when podshim is gone or the connection broke.
  let closed = Latch()

  /// Takes a connected stream. `onEvent` runs on the descriptor thread and must not block.
  init(_ stream: UnixStream, onEvent: @escaping @Sendable (ShimEvent) -> Void) throws(SystemCallError) {
    self.stream = stream
    self.onEvent = onEvent
    let token = try stream.withRaw { raw throws(SystemCallError) in
      try DescriptorMonitor.shared.add(raw) { [weak self] in self?.receive() }
    }
    state.withLock { $0.token = token }
  }

  deinit { end() }

  /// Sends a request and waits for its reply. Cancellation is not looked at: podshim always answers, or the connection ends.
  func call(_ request: ShimRequest, descriptors: [SharedDescriptor] = []) async throws(ShimError) -> Answer {
    let answer: Answer? = await withCheckedContinuation { continuation in
      let id = state.withLock { state -> UInt32? in
        if state.ended { return nil }
        let id = state.next
        state.next = state.next == .max ? 1 : state.next + 1
        state.waiting[id] = continuation
        return id
      }
      guard let id else { return continuation.resume(returning: nil) }
      do throws(SystemCallError) {
        try send(ShimFrame.encode(request, id: id, descriptorCount: descriptors.count), descriptors)
      } catch {
        end()
      }
    }
    guard let answer else { throw ShimError.gone }
    switch answer.reply {
    case .failed(let failure): throw ShimError.setup(failure)
    case .refused(let errno, let text): throw ShimError.refused(errno: errno, text: text)
    default: return answer
    }
  }

  /// Makes a process; a set-up that failed is told as a sentence about what was being done.
  func spawn(
    _ request: SpawnRequest, descriptors: [SharedDescriptor], program: [SetupOperation], command: [String]
  ) async throws(RuntimeError) -> Answer {
    do throws(ShimError) {
      return try await call(.spawn(request), descriptors: descriptors)
    } catch {
      throw error.explained(program, command)
    }
  }

  /// Frames of concurrent calls must not mix: one lock around each send.
  private let sending = Mutex(())
  private func send(_ bytes: [UInt8], _ descriptors: [SharedDescriptor]) throws(SystemCallError) {
    try sending.withLock { _ throws(SystemCallError) in
      try withRawDescriptors(descriptors) { raws throws(SystemCallError) in try stream.send(bytes, descriptors: raws) }
    }
  }

  /// Closes the connection; calls under way fail.
  func end() {
    let (waiting, token) = state.withLock { state in
      defer {
        state.ended = true
        state.waiting = [:]
        state.token = nil
      }
      return (state.waiting.values.map { $0 }, state.token)
    }
    if let token { stream.withRaw { raw in DescriptorMonitor.shared.remove(token, raw) } }
    for continuation in waiting { continuation.resume(returning: nil) }
    closed.open()
  }

  private func receive() {
    do throws(SystemCallError) {
      let (bytes, descriptors) = try stream.receive()
      if bytes.isEmpty { return end() }
      try consume(bytes, descriptors)
    } catch {
      end()
    }
  }

  /// Adds received bytes and handles every complete frame.
  private func consume(_ bytes: [UInt8], _ descriptors: [SharedDescriptor]) throws(SystemCallError) {
    state.withLock { state in
      state.buffer += bytes
      state.descriptors += descriptors
    }
    while let (header, payload, passed) = try nextFrame() {
      if header.requestID == 0 {
        if let event = try? ShimFrame.decodeEvent(kind: header.kind, payload: payload) { onEvent(event) }
      } else if let reply = try? ShimFrame.decodeReply(kind: header.kind, payload: payload) {
        let continuation = state.withLock { $0.waiting.removeValue(forKey: header.requestID) }
        continuation?.resume(returning: Answer(reply: reply, descriptors: passed))
      }
    }
  }

  private func nextFrame() throws(SystemCallError) -> (ShimFrame.Header, [UInt8], [SharedDescriptor])? {
    try state.withLock { state throws(SystemCallError) in
      guard state.buffer.count >= ShimFrame.headerSize else { return nil }
      guard let header = try? ShimFrame.decodeHeader(Array(state.buffer.prefix(ShimFrame.headerSize))) else {
        throw SystemCallError(call: "recvmsg", subject: "podshim: malformed frame", code: 74 /* EBADMSG */)
      }
      let length = ShimFrame.headerSize + header.payloadLength
      let wanted = header.descriptorCount
      guard state.buffer.count >= length, state.descriptors.count >= wanted else { return nil }
      let payload = Array(state.buffer[ShimFrame.headerSize..<length])
      state.buffer.removeFirst(length)
      let passed = Array(state.descriptors.prefix(wanted))
      state.descriptors.removeFirst(wanted)
      return (header, payload, passed)
    }
  }
}

/// Why a podshim call failed.
enum ShimError: Error, Sendable, CustomStringConvertible {
  /// podshim is not there (any more).
  case gone
  /// The set-up program stopped.
  case setup(SetupFailure)
  case refused(errno: Int32, text: String)

  var description: String {
    switch self {
    case .gone: "podshim is gone"
    case .setup(let failure): "\(failure.call) \(failure.detail): errno \(failure.errno) (operation \(failure.operation))"
    case .refused(let errno, let text): "podshim refused: \(text) (errno \(errno))"
    }
  }
}

extension ShimError {
  /// As the runtime's callers see it.
  func explained(_ program: [SetupOperation], _ command: [String]) -> RuntimeError {
    if case .setup(let failure) = self {
      return RuntimeError(.unknown, SetupFailureExplainer.sentence(failure: failure, program: program, command: command))
    }
    return RuntimeError(.unavailable, "\(self)")
  }
}

/// Lends the numbers of several shared descriptors at once.
func withRawDescriptors<R>(
  _ descriptors: [SharedDescriptor], _ body: ([CInt]) throws(SystemCallError) -> R
) throws(SystemCallError) -> R {
  func lend(_ index: Int, _ raws: [CInt]) throws(SystemCallError) -> R {
    guard index < descriptors.count else { return try body(raws) }
    return try descriptors[index].withRaw { raw throws(SystemCallError) in try lend(index + 1, raws + [raw]) }
  }
  return try lend(0, [])
}
