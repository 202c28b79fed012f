import Glibc
public import LinuxSystem
import Synchronization

/// A blocking netlink socket of the network namespace in which the calling thread was when it was made; it stays there even when used
/// from a thread of another namespace. One exchange at a time: the lock is held while the kernel answers, which takes microseconds
/// (at most 5 s, then ETIMEDOUT).
public final class NetlinkSocket: Sendable {
  private struct Connection: ~Copyable {
    let descriptor: OwnedDescriptor
    var sequence: UInt32 = 0
  }
  private let connection: Mutex<Connection>
  private static let solNetlink: CInt = 270
  private static let capAck: CInt = 10
  private static let extendedAck: CInt = 11

  /// A socket for links, addresses and routes.
  public static func route() throws(SystemCallError) -> NetlinkSocket { try NetlinkSocket(protocol: NetlinkProtocol.route) }
  /// A socket for nf_tables.
  public static func netfilter() throws(SystemCallError) -> NetlinkSocket { try NetlinkSocket(protocol: NetlinkProtocol.netfilter) }

  private init(protocol number: Int32) throws(SystemCallError) {
    let raw = try systemCall("socket", on: "netlink protocol \(number)") {
      socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), number)
    }
    let descriptor = OwnedDescriptor(adopting: raw)
    var one: CInt = 1
    // Both only make errors more readable; a kernel without them still works.
    _ = unsafe setsockopt(raw, Self.solNetlink, Self.capAck, &one, 4)
    _ = unsafe setsockopt(raw, Self.solNetlink, Self.extendedAck, &one, 4)
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    _ = unsafe setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    connection = Mutex(Connection(descriptor: descriptor))
  }

  /// Sends requests as one datagram and waits for every acknowledgement. The kernel goes on after a failure: later requests of the
  /// same call may have taken effect when the first error is thrown.
  public func perform(_ requests: [NetlinkRequest]) throws(NetlinkError) {
    guard !requests.isEmpty else { return }
    try exchange { (connection: inout Connection) throws(NetlinkError) in
      let base = connection.sequence &+ 1
      connection.sequence &+= UInt32(requests.count)
      var datagram: [UInt8] = []
      for (index, request) in requests.enumerated() {
        datagram += request.bytes(sequence: base &+ UInt32(index), extraFlags: MessageFlag.acknowledge)
      }
      try Self.send(datagram, on: connection.descriptor, for: requests[0])
      var missing = requests.count
      var failure: NetlinkError?
      while missing > 0 {
        for message in try Self.receive(connection.descriptor, for: requests[0]) where message.type == MessageType.error {
          let index = Int(message.sequence &- base)
          guard index < requests.count else { continue }  // the answer to an exchange that timed out before
          missing -= 1
          if let error = Self.failure(in: message, of: requests[index]), failure == nil { failure = error }
        }
      }
      if let failure { throw failure }
    }
  }

  public func perform(_ request: NetlinkRequest) throws(NetlinkError) { try perform([request]) }

  /// Sends one request and returns its single answer.
  public func get(_ request: NetlinkRequest) throws(NetlinkError) -> NetlinkMessage {
    try exchange { (connection: inout Connection) throws(NetlinkError) in
      connection.sequence &+= 1
      let sequence = connection.sequence
      try Self.send(request.bytes(sequence: sequence, extraFlags: 0), on: connection.descriptor, for: request)
      while true {
        for message in try Self.receive(connection.descriptor, for: request) where message.sequence == sequence {
          guard message.type == MessageType.error else { return message }
          if let error = Self.failure(in: message, of: request) { throw error }
        }
      }
    }
  }

  /// Everything a dump request yields. A dump during which the table changed is repeated, up to 8 times, then EAGAIN.
  public func dump(_ request: NetlinkRequest) throws(NetlinkError) -> [NetlinkMessage] {
    for _ in 0..<8 {
      let (messages, interrupted) = try exchange { (connection: inout Connection) throws(NetlinkError) in
        try Self.dumpOnce(request, on: &connection)
      }
      if !interrupted { return messages }
    }
    throw request.error(code: EAGAIN, detail: "the table changes faster than it can be read")
  }

  private static func dumpOnce(_ request: NetlinkRequest, on connection: inout Connection) throws(NetlinkError) -> (
    [NetlinkMessage], Bool
  ) {
    connection.sequence &+= 1
    let sequence = connection.sequence
    try send(request.bytes(sequence: sequence, extraFlags: MessageFlag.dump), on: connection.descriptor, for: request)
    var answers: [NetlinkMessage] = []
    var interrupted = false
    while true {
      for message in try receive(connection.descriptor, for: request) where message.sequence == sequence {
        if message.flags & MessageFlag.dumpInterrupted != 0 { interrupted = true }
        switch message.type {
        case MessageType.done:
          // The payload is 0, or -errno of a dump that ended early.
          if message.payload.count >= 4, case let code = message.payload.integer(at: 0, as: Int32.self), code < 0 {
            throw request.error(code: -code)
          }
          return (answers, interrupted)
        case MessageType.error:
          if let error = failure(in: message, of: request) { throw error }
        default: answers.append(message)
        }
      }
    }
  }

  /// Sends nf_tables requests as one transaction: all take effect or none. The error names the first request that failed.
  public func transaction(_ requests: [NetlinkRequest]) throws(NetlinkError) {
    guard let last = requests.last else { return }
    try exchange { (connection: inout Connection) throws(NetlinkError) in
      let begin = connection.sequence &+ 1
      connection.sequence &+= UInt32(requests.count + 2)
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
      try Self.send(datagram, on: connection.descriptor, for: batch)
      var failure: NetlinkError?
      while true {
        for message in try Self.receive(connection.descriptor, for: batch) where message.type == MessageType.error {
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
  }

  private func exchange<R: Sendable>(_ body: (inout Connection) throws(NetlinkError) -> sending R) throws(NetlinkError) -> R {
    let result: Result<R, NetlinkError> = connection.withLock { connection in
      do throws(NetlinkError) { return .success(try body(&connection)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func send(_ datagram: [UInt8], on descriptor: borrowing OwnedDescriptor, for request: NetlinkRequest)
    throws(NetlinkError)
  {
    let code: CInt = descriptor.withRaw { raw in
      while true {
        // An unconnected netlink socket talks to the kernel.
        let sent = unsafe datagram.withUnsafeBytes { buffer in unsafe Glibc.send(raw, buffer.baseAddress, buffer.count, 0) }
        if sent >= 0 { return 0 }
        if errno != EINTR { return errno }
      }
    }
    if code != 0 { throw request.error(code: code, detail: "the request could not be sent") }
  }

  private static func receive(_ descriptor: borrowing OwnedDescriptor, for request: NetlinkRequest) throws(NetlinkError)
    -> [NetlinkMessage]
  {
    var code: CInt = 0
    // 32 KiB is the largest datagram the kernel makes for a dump.
    let datagram: [UInt8] = descriptor.withRaw { raw in
      unsafe [UInt8](unsafeUninitializedCapacity: 32768) { buffer, count in
        repeat {
          let received = unsafe recv(raw, buffer.baseAddress, buffer.count, 0)
          count = max(received, 0)
          code = received < 0 ? errno : 0
        } while code == EINTR
      }
    }
    if code != 0 {
      throw request.error(code: code == EAGAIN ? ETIMEDOUT : code, detail: "the kernel's answer could not be read")
    }
    return NetlinkMessage.parse(datagram)
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
    return request.error(code: -code, detail: detail)
  }
}
