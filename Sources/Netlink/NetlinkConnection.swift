import Glibc
public import LinuxSystem
import Synchronization

/// One netlink socket, of the network namespace in which the calling thread was when it was made; it stays there whatever thread uses it.
/// One exchange at a time: whoever holds it sees to that (`NetlinkSocket` does, for many callers).
public final class NetlinkConnection: Sendable {
  private let descriptor: OwnedDescriptor
  private let sequence = Atomic<UInt32>(0)
  /// An answer did not come or was lost: a later one could be taken for it.
  private let isBroken = Atomic<Bool>(false)
  private static let solNetlink: CInt = 270
  private static let capAck: CInt = 10
  private static let extendedAck: CInt = 11
  /// Requests in one datagram. Each acknowledgement takes close to a kilobyte of the receive buffer (212,992 bytes as a rule).
  private static let batch = 64

  /// For links, addresses and routes.
  public static func route() throws(SystemCallError) -> NetlinkConnection { try NetlinkConnection(NetlinkProtocol.route) }

  init(_ number: Int32) throws(SystemCallError) {
    let raw = try systemCall("socket", on: "netlink protocol \(number)") {
      socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), number)
    }
    descriptor = OwnedDescriptor(adopting: raw)
    var one: CInt = 1
    // Both only make errors more readable; a kernel without them still works.
    _ = unsafe setsockopt(raw, Self.solNetlink, Self.capAck, &one, 4)
    _ = unsafe setsockopt(raw, Self.solNetlink, Self.extendedAck, &one, 4)
  }

  /// Whether the next exchange can trust what it reads.
  var isUsable: Bool { !isBroken.load(ordering: .relaxed) }

  /// Takes `count` sequence numbers; returns the first.
  private func take(_ count: Int) -> UInt32 {
    sequence.add(UInt32(count), ordering: .relaxed).oldValue &+ 1
  }

  // MARK: Exchanges

  /// Sends requests and waits for every acknowledgement. The kernel goes on after a failure: later requests of the same call may have
  /// taken effect when the first error is thrown.
  public func perform(_ requests: [NetlinkRequest], within limit: Duration = .seconds(5)) throws(NetlinkError) {
    let deadline = ContinuousClock.now + limit
    var failure: NetlinkError?
    var rest = requests[...]
    while !rest.isEmpty {
      do throws(NetlinkError) { try performBatch(Array(rest.prefix(Self.batch)), deadline) } catch {
        if !isUsable { throw failure ?? error }
        failure = failure ?? error
      }
      rest = rest.dropFirst(Self.batch)
    }
    if let failure { throw failure }
  }

  public func perform(_ request: NetlinkRequest, within limit: Duration = .seconds(5)) throws(NetlinkError) {
    try perform([request], within: limit)
  }

  private func performBatch(_ requests: [NetlinkRequest], _ deadline: ContinuousClock.Instant) throws(NetlinkError) {
    let base = take(requests.count)
    var datagram: [UInt8] = []
    for (index, request) in requests.enumerated() {
      datagram += request.bytes(sequence: base &+ UInt32(index), extraFlags: MessageFlag.acknowledge)
    }
    try send(datagram, for: requests[0])
    var missing = requests.count
    var failure: NetlinkError?
    while missing > 0 {
      for message in try receive(for: requests[0], deadline) where message.type == MessageType.error {
        let index = Int(message.sequence &- base)
        guard index < requests.count else { continue }
        missing -= 1
        if let error = Self.failure(in: message, of: requests[index]), failure == nil { failure = error }
      }
    }
    if let failure { throw failure }
  }

  /// Sends one request and returns its single answer.
  public func get(_ request: NetlinkRequest, within limit: Duration = .seconds(5)) throws(NetlinkError) -> NetlinkMessage {
    let deadline = ContinuousClock.now + limit
    let sequence = take(1)
    try send(request.bytes(sequence: sequence, extraFlags: 0), for: request)
    while true {
      for message in try receive(for: request, deadline) where message.sequence == sequence {
        guard message.type == MessageType.error else { return message }
        if let error = Self.failure(in: message, of: request) { throw error }
      }
    }
  }

  /// Everything a dump request yields. A dump during which the table changed is repeated, up to 8 times, then EAGAIN.
  public func dump(_ request: NetlinkRequest, within limit: Duration = .seconds(5)) throws(NetlinkError) -> [NetlinkMessage] {
    let deadline = ContinuousClock.now + limit
    for _ in 0..<8 {
      let (messages, interrupted) = try dumpOnce(request, deadline)
      if !interrupted { return messages }
    }
    throw request.error(code: EAGAIN, detail: "the table changes faster than it can be read")
  }

  private func dumpOnce(
    _ request: NetlinkRequest, _ deadline: ContinuousClock.Instant
  ) throws(NetlinkError) -> (
    [NetlinkMessage], Bool
  ) {
    let sequence = take(1)
    try send(request.bytes(sequence: sequence, extraFlags: MessageFlag.dump), for: request)
    var answers: [NetlinkMessage] = []
    var interrupted = false
    while true {
      for message in try receive(for: request, deadline) where message.sequence == sequence {
        if message.flags & MessageFlag.dumpInterrupted != 0 { interrupted = true }
        switch message.type {
        case MessageType.done:
          // The payload is 0, or -errno of a dump that ended early.
          if message.payload.count >= 4, case let code = message.payload.integer(at: 0, as: Int32.self), code < 0 {
            throw request.error(code: 0 &- code)
          }
          return (answers, interrupted)
        case MessageType.error:
          if let error = Self.failure(in: message, of: request) { throw error }
        default: answers.append(message)
        }
      }
    }
  }

  /// Sends nf_tables requests as one transaction: all take effect or none. The error names the first request that failed.
  public func transaction(_ requests: [NetlinkRequest], within limit: Duration = .seconds(5)) throws(NetlinkError) {
    guard let last = requests.last else { return }
    let deadline = ContinuousClock.now + limit
    let begin = take(requests.count + 2)
    let frame: [UInt8] = [0, 0, 0, UInt8(NFTables.subsystem)]  // nfgenmsg: AF_UNSPEC, version 0, res_id big endian
    let batch = NetlinkRequest("nf_tables transaction", last.subject, type: NFTables.batchBegin, body: frame)
    var datagram = batch.bytes(sequence: begin, extraFlags: 0)
    for (index, request) in requests.enumerated() {
      // One acknowledgement is enough: errors are reported whether asked for or not, in order, before it.
      let flags = index == requests.count - 1 ? MessageFlag.acknowledge : 0
      datagram += request.bytes(sequence: begin &+ 1 &+ UInt32(index), extraFlags: flags)
    }
    datagram += NetlinkRequest("nf_tables transaction", last.subject, type: NFTables.batchEnd, body: frame)
      .bytes(sequence: begin &+ 1 &+ UInt32(requests.count), extraFlags: 0)
    try send(datagram, for: batch)
    var failure: NetlinkError?
    while true {
      for message in try receive(for: batch, deadline) where message.type == MessageType.error {
        let index = Int(message.sequence &- begin) - 1
        guard index < requests.count else { continue }
        let error = Self.failure(in: message, of: index < 0 ? batch : requests[index])
        if failure == nil { failure = error }
        // An error about the first message is the whole batch's: permission, memory or the commit itself.
        guard index < 0 || index == requests.count - 1 else { continue }
        if let failure { throw failure }
        if index >= 0 { return }
      }
    }
  }

  // MARK: Bytes

  private func send(_ datagram: [UInt8], for request: NetlinkRequest) throws(NetlinkError) {
    let code: CInt = descriptor.withRaw { raw in
      if datagram.count > 65536 {
        // A transaction is one datagram; the default send buffer takes about 200 KiB. Refused without CAP_NET_ADMIN, and then send says so.
        var size = CInt(clamping: datagram.count * 2)
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_SNDBUFFORCE, &size, 4)
      }
      while true {
        // An unconnected netlink socket talks to the kernel.
        let sent = unsafe datagram.withUnsafeBytes { buffer in unsafe Glibc.send(raw, buffer.baseAddress, buffer.count, 0) }
        if sent >= 0 { return 0 }
        if errno != EINTR { return errno }
      }
    }
    if code != 0 {
      isBroken.store(true, ordering: .relaxed)
      throw request.error(code: code, detail: "the request could not be sent")
    }
  }

  private func receive(for request: NetlinkRequest, _ deadline: ContinuousClock.Instant) throws(NetlinkError) -> [NetlinkMessage] {
    switch descriptor.withRaw({ raw in Self.read(raw, deadline) }) {
    case .success(let datagram): return NetlinkMessage.parse(datagram)
    case .failure(let failure):
      isBroken.store(true, ordering: .relaxed)
      let detail =
        failure.code == ENOBUFS
        ? "the kernel's answer was lost, whether the request took effect is not known" : "the kernel's answer could not be read"
      throw request.error(code: failure.code, detail: detail)
    }
  }

  private struct ReadFailure: Error { let code: CInt }

  private static func read(_ raw: CInt, _ deadline: ContinuousClock.Instant) -> Result<[UInt8], ReadFailure> {
    while true {
      var code: CInt = 0
      // 32 KiB is the largest datagram the kernel makes for a dump.
      let datagram = unsafe [UInt8](unsafeUninitializedCapacity: 32768) { buffer, count in
        let received = unsafe recv(raw, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT))
        count = max(received, 0)
        code = received < 0 ? errno : 0
      }
      if code == 0 { return .success(datagram) }
      guard code == EAGAIN || code == EINTR else { return .failure(ReadFailure(code: code)) }
      let left = deadline - ContinuousClock.now
      guard left > .zero else { return .failure(ReadFailure(code: ETIMEDOUT)) }
      var wait = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(
        &wait, 1, CInt(clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1))
    }
  }

  /// nil for an acknowledgement (error 0). Layout: struct nlmsgerr, then attributes when NLM_F_ACK_TLVS is set.
  static func failure(in message: NetlinkMessage, of request: NetlinkRequest) -> NetlinkError? {
    guard message.payload.count >= 4 + NetlinkMessage.headerSize else { return request.error(code: EBADMSG) }
    let code = message.payload.integer(at: 0, as: Int32.self)
    if code == 0 { return nil }
    var detail: String?
    if message.flags & MessageFlag.errorAttributes != 0 {
      var start = 4 + NetlinkMessage.headerSize
      if message.flags & MessageFlag.errorCapped == 0 {
        start = 4 + Int(message.payload.integer(at: 4, as: UInt32.self))
      }
      detail = Attribute.parse(message.payload, from: (start + 3) & ~3).first(1)?.string
    }
    return request.error(code: 0 &- code, detail: detail)
  }
}
