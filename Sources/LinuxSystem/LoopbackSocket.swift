import Glibc

/// TCP connections to what listens on the loopback addresses of a network namespace.
public enum LoopbackSocket {
  /// Connects to 127.0.0.1, and to ::1 when nobody listens there. The socket does not block.
  /// - Parameters:
  ///   - namespace: nil: the agent's own.
  ///   - limit: for each of the two.
  /// - Throws: why 127.0.0.1 refused, when both do.
  public static func connect(
    port: UInt16, in namespace: SharedDescriptor?, within limit: Duration
  ) async throws(SystemCallError) -> SharedDescriptor {
    do {
      return try await connect(AF_INET, port, namespace, limit)
    } catch {
      guard let socket = try? await connect(AF_INET6, port, namespace, limit) else { throw error }
      return socket
    }
  }

  private static func connect(
    _ family: CInt, _ port: UInt16, _ namespace: SharedDescriptor?, _ limit: Duration
  ) async throws(SystemCallError) -> SharedDescriptor {
    let place = family == AF_INET ? "127.0.0.1:\(port)" : "[::1]:\(port)"
    let (socket, isConnected) = try await runBlocking { () throws(SystemCallError) in
      guard let namespace else { return try begin(family, port, place) }
      return try NetworkNamespace.run(in: namespace) { () throws(SystemCallError) in try begin(family, port, place) }.get()
    }
    if !isConnected { try await wait(for: socket, place, limit) }
    return socket
  }

  private static func begin(
    _ family: CInt, _ port: UInt16, _ place: String
  ) throws(SystemCallError) -> (SharedDescriptor, isConnected: Bool) {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let socket = SharedDescriptor(
      OwnedDescriptor(adopting: try systemCall("socket", on: place) { Glibc.socket(family, type, 0) }))
    let code = socket.withRaw { raw in
      if family == AF_INET {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return start(raw, &address)
      }
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6addr_loopback
      return start(raw, &address)
    }
    if code != 0, code != EINPROGRESS { throw SystemCallError(call: "connect", subject: place, code: code) }
    return (socket, code == 0)
  }

  /// - Returns: errno.
  private static func start<Address>(_ raw: CInt, _ address: inout Address) -> CInt {
    unsafe withUnsafeBytes(of: &address) { bytes in
      let result = unsafe Glibc.connect(
        raw, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
      return result == 0 ? 0 : errno
    }
  }

  private static func wait(for socket: SharedDescriptor, _ place: String, _ limit: Duration) async throws(SystemCallError) {
    let token = DescriptorMonitor.shared.makeToken()
    let end: @Sendable () -> Void = { socket.withRaw { raw in DescriptorMonitor.shared.remove(token, raw) } }
    let (answers, answer) = AsyncStream.makeStream(of: Bool.self)
    try socket.withRaw { raw throws(SystemCallError) in
      try DescriptorMonitor.shared.add(raw, as: token, writable: true) {
        end()
        answer.yield(true)
      }
    }
    let alarm = Alarm.call(after: limit) { answer.yield(false) }
    defer {
      Alarm.forget(alarm)
      end()
    }
    guard await answers.first(where: { _ in true }) == true else {
      throw SystemCallError(call: "connect", subject: place, code: ETIMEDOUT)
    }
    let code = socket.withRaw { raw in
      var (code, size): (CInt, socklen_t) = (0, socklen_t(MemoryLayout<CInt>.size))
      return unsafe getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }
    if code != 0 { throw SystemCallError(call: "connect", subject: place, code: code) }
  }
}
