internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// What came on a connection and was not taken yet: the end of its pipeline. While much waits here nothing is read from the socket, so
/// that a fast server meets the pace of whoever unpacks; and a server that is too slow is not waited for for ever.
final class ResponseInbox: ChannelDuplexHandler, Sendable {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  enum Item: Sendable {
    case head(HTTPResponseHead)
    /// Everything that came meanwhile.
    case body([ByteBuffer])
    case end
  }

  private struct State {
    var head: HTTPResponseHead?
    var body: [ByteBuffer] = []
    var bytes = 0
    var isEnded = false
    var failure: HTTPFailure?
    var waiter: CheckedContinuation<Result<Item, HTTPFailure>, Never>?
    var isHeld = false
    /// Between looks of the watch: what came, and whether it was us who did not read.
    var received = 0
    var wasHeld = false
    var watch: UInt64 = 0
    var isWatched = false

    mutating func take() -> Result<Item, HTTPFailure>? {
      if let head = head.take() { return .success(.head(head)) }
      if !body.isEmpty {
        defer { (body, bytes) = ([], 0) }
        return .success(.body(body))
      }
      if isEnded {
        isEnded = false
        return .success(.end)
      }
      return failure.map { .failure($0) }
    }
  }
  private let state = Mutex(State())
  /// More than this waits for its taker before more is read.
  private static let limit = 1 << 20
  /// Less than this in one patience is no progress: a server that sends a byte now and then is as good as dead, and holds a thread.
  private static let leastProgress = 64 << 10

  // MARK: For tasks

  /// The next part of the answer. When the task is cancelled the connection ends.
  func next(of channel: any Channel) async throws(HTTPFailure) -> Item {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (ready, reads) = state.withLock { state -> (Result<Item, HTTPFailure>?, Bool) in
          let ready = state.take()
          if ready == nil { state.waiter = continuation }
          let reads = state.isHeld && state.bytes < Self.limit
          if reads { state.isHeld = false }
          return (ready, reads)
        }
        if reads { channel.read() }
        if let ready { continuation.resume(returning: ready) }
      }
    } onCancel: {
      fail(.cancelled)
      channel.close(promise: nil)
    }
    return try result.get()
  }

  /// Ends the connection when less than it should comes within `patience`; until `rest()`.
  func watch(_ channel: any Channel, patience: TimeAmount) {
    let number = state.withLock { state in
      (state.isWatched, state.received, state.wasHeld) = (true, 0, false)
      state.watch += 1
      return state.watch
    }
    look(number, channel, patience)
  }

  /// The answer is whole; the connection may be used again.
  func rest() { state.withLock { $0.isWatched = false } }

  var isAlive: Bool { state.withLock { $0.failure == nil && $0.head == nil && $0.body.isEmpty } }

  private func look(_ number: UInt64, _ channel: any Channel, _ patience: TimeAmount) {
    channel.eventLoop.scheduleTask(in: patience) { [self] in
      let verdict = state.withLock { state -> (stalled: Bool, again: Bool) in
        guard state.isWatched, state.watch == number, state.failure == nil else { return (false, false) }
        // What waits here was not asked for yet: then it is not the server that is slow.
        let stalled = state.received < Self.leastProgress && !state.wasHeld && state.waiter != nil
        (state.received, state.wasHeld) = (0, state.isHeld)
        return (stalled, !stalled)
      }
      if verdict.stalled {
        fail(.stalled(after: patience.nanoseconds / 1_000_000_000))
        channel.close(promise: nil)
      }
      if verdict.again { look(number, channel, patience) }
    }
  }

  func fail(_ failure: HTTPFailure) {
    let waiter = state.withLock { state in
      if state.failure == nil { state.failure = failure }
      return state.waiter.take()
    }
    waiter?.resume(returning: .failure(failure))
  }

  // MARK: On the event loop

  func read(context: ChannelHandlerContext) {
    let reads = state.withLock { state in
      if state.bytes < Self.limit { return true }
      (state.isHeld, state.wasHeld) = (true, true)
      return false
    }
    if reads { context.read() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    let ready = state.withLock { state -> (CheckedContinuation<Result<Item, HTTPFailure>, Never>, Result<Item, HTTPFailure>)? in
      switch part {
      case .head(let head): state.head = head
      case .body(let buffer):
        state.bytes += buffer.readableBytes
        state.received += buffer.readableBytes
        state.body.append(buffer)
      case .end: state.isEnded = true
      }
      guard let waiter = state.waiter, let item = state.take() else { return nil }
      state.waiter = nil
      return (waiter, item)
    }
    if let (waiter, item) = ready { waiter.resume(returning: item) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(.closed)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(HTTPFailure(error))
    context.close(promise: nil)
  }
}
