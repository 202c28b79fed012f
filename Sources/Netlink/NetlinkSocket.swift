import Glibc
public import LinuxSystem
import Synchronization

/// Netlink of one network namespace for many callers at once. Each exchange has a connection of its own while it lasts: the kernel
/// answers one request after the other, some only after the routing lock is free, and nobody waits here for somebody else's answer.
///
/// A call ends at its limit (ETIMEDOUT), unless the kernel itself does not let the thread go: for links, addresses and routes it does
/// its work inside the call that sends.
public final class NetlinkSocket: Sendable {
  private let number: Int32
  /// The namespace every connection must be of.
  private let home: FileIdentity
  private let idle: Mutex<[NetlinkConnection]>
  /// Connections kept for the next exchanges.
  private static let spare = 4

  /// For links, addresses and routes of the calling thread's network namespace.
  public static func route() throws(SystemCallError) -> NetlinkSocket { try NetlinkSocket(NetlinkProtocol.route) }
  /// For nf_tables and connection tracking of the calling thread's network namespace.
  public static func netfilter() throws(SystemCallError) -> NetlinkSocket { try NetlinkSocket(NetlinkProtocol.netfilter) }

  private init(_ number: Int32) throws(SystemCallError) {
    self.number = number
    home = try .ofNetworkNamespace()
    idle = Mutex([try NetlinkConnection(number)])
  }

  /// Source: `NetlinkConnection.perform`.
  public func perform(_ requests: [NetlinkRequest], within limit: Duration = .seconds(5)) throws(NetlinkError) {
    guard let first = requests.first else { return }
    try exchange(first) { connection throws(NetlinkError) in try connection.perform(requests, within: limit) }
  }

  public func perform(_ request: NetlinkRequest, within limit: Duration = .seconds(5)) throws(NetlinkError) {
    try perform([request], within: limit)
  }

  /// Sends one request and returns its single answer.
  public func get(_ request: NetlinkRequest, within limit: Duration = .seconds(5)) throws(NetlinkError) -> NetlinkMessage {
    try exchange(request) { connection throws(NetlinkError) in try connection.get(request, within: limit) }
  }

  /// Source: `NetlinkConnection.dump`.
  public func dump(_ request: NetlinkRequest, within limit: Duration = .seconds(5)) throws(NetlinkError) -> [NetlinkMessage] {
    try exchange(request) { connection throws(NetlinkError) in try connection.dump(request, within: limit) }
  }

  /// Source: `NetlinkConnection.transaction`.
  public func transaction(_ requests: [NetlinkRequest], within limit: Duration = .seconds(5)) throws(NetlinkError) {
    guard let last = requests.last else { return }
    try exchange(last) { connection throws(NetlinkError) in try connection.transaction(requests, within: limit) }
  }

  private func exchange<R>(
    _ request: NetlinkRequest, _ body: (NetlinkConnection) throws(NetlinkError) -> R
  ) throws(NetlinkError) -> R {
    let connection: NetlinkConnection
    if let free = idle.withLock({ $0.popLast() }) {
      connection = free
    } else {
      do throws(SystemCallError) { connection = try open() } catch {
        throw request.error(code: error.code, detail: "\(error)")
      }
    }
    defer {
      // One whose answer is overdue is closed: the next exchange would take it for its own.
      if connection.isUsable {
        idle.withLock { if $0.count < Self.spare { $0.append(connection) } }
      }
    }
    return try body(connection)
  }

  private func open() throws(SystemCallError) -> NetlinkConnection {
    // A thread that visits a pod's namespace would make a socket there, and the host's work would be done in the pod.
    guard try FileIdentity.ofNetworkNamespace() == home else {
      throw SystemCallError(call: "socket", subject: "netlink protocol \(number) from another network namespace", code: EXDEV)
    }
    return try NetlinkConnection(number)
  }
}

/// Device and inode of a file.
private struct FileIdentity: Equatable, Sendable {
  let device: UInt
  let inode: UInt

  /// Of the calling thread's network namespace.
  static func ofNetworkNamespace() throws(SystemCallError) -> FileIdentity {
    let path = "/proc/thread-self/ns/net"
    var status = stat()
    _ = try systemCall("stat", on: path) { unsafe stat(path, &status) }
    return FileIdentity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
  }
}
