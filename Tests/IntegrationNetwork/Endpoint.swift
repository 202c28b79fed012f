import Foundation
import Glibc
import LinuxSystem
import Netlink
import Testing

/// TCP ends inside a network namespace: a socket belongs to the namespace it was made in, whatever thread uses it.
struct Endpoint: Sendable {
  /// nil: the test's own namespace, the "host".
  let namespace: SharedDescriptor?

  static let host = Endpoint(namespace: nil)

  func run<R>(_ body: () throws -> R) throws -> R {
    guard let namespace else { return try body() }
    return try NetworkNamespace.run(in: namespace, body).get()
  }

  static func socket(_ address: IPAddress, stream: Bool) throws -> OwnedDescriptor {
    let kind = CInt((stream ? SOCK_STREAM : SOCK_DGRAM).rawValue) | 0o2000000
    return OwnedDescriptor(
      adopting: try systemCall("socket", on: "\(address)") { Glibc.socket(address.isV6 ? AF_INET6 : AF_INET, kind, 0) })
  }

  /// A sockaddr_in or sockaddr_in6 as bytes.
  static func name(_ address: IPAddress, _ port: UInt16) -> [UInt8] {
    let head: [UInt8] = [address.family, 0, UInt8(port >> 8), UInt8(port & 0xff)]
    return address.isV6
      ? head + [0, 0, 0, 0] + address.bytes + [0, 0, 0, 0] : head + address.bytes + [UInt8](repeating: 0, count: 8)
  }

  static func withName<R>(_ name: [UInt8], _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    unsafe name.withUnsafeBytes { raw in
      unsafe body(unsafe raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
    }
  }

  /// Serves one connection after another: each gets the peer's address as text. Ends when the listener is closed.
  final class Server: Sendable {
    let listener: SharedDescriptor
    let port: UInt16

    init(_ endpoint: Endpoint, address: IPAddress, port: UInt16) throws {
      let socket = SharedDescriptor(
        try endpoint.run {
          let socket = try Endpoint.socket(address, stream: true)
          try socket.withRaw { raw in
            var one: CInt = 1
            _ = unsafe setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, 4)
            _ = try systemCall("bind", on: "\(address) \(port)") {
              unsafe Endpoint.withName(Endpoint.name(address, port)) { unsafe bind(raw, $0, $1) }
            }
            _ = try systemCall("listen", on: "\(port)") { listen(raw, 8) }
          }
          return SharedBox(try socket.duplicate())
        }.take())
      (listener, self.port) = (socket, port)
      Thread.detachNewThread {
        while true {
          var peer = [UInt8](repeating: 0, count: 28)
          var length = socklen_t(28)
          let raw = socket.withRaw { raw in
            unsafe peer.withUnsafeMutableBytes { buffer in
              unsafe accept(raw, unsafe buffer.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
            }
          }
          guard raw >= 0 else { return }
          let bytes = peer[0] == 2 ? Array(peer[4..<8]) : Array(peer[8..<24])
          let text = Array(IPAddress(bytes: bytes).description.utf8)
          _ = unsafe write(raw, text, text.count)
          close(raw)
        }
      }
    }

    deinit { listener.withRaw { raw in _ = shutdown(raw, CInt(SHUT_RDWR)) } }
  }

  /// Connects and gives what the server saw as the client's address; nil when there is no answer.
  /// - Parameter seconds: for an answer: long where one is expected, as the machine may be busy, short where none is.
  func connect(_ text: String, _ port: UInt16, within seconds: Int = 30) throws -> String? {
    guard let address = IPAddress(text) else { return nil }
    let box = try run { SharedBox(try Endpoint.socket(address, stream: true)) }
    let socket = box.take()
    return socket.withRaw { raw in
      var limit = timeval(tv_sec: seconds, tv_usec: 0)
      _ = unsafe setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      _ = unsafe setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      guard unsafe Endpoint.withName(Endpoint.name(address, port), { unsafe Glibc.connect(raw, $0, $1) }) == 0 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 64)
      let count = unsafe read(raw, &buffer, buffer.count)
      return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
  }
}

/// A UDP socket that keeps its port, so that the kernel sees one flow.
final class DatagramSocket: Sendable {
  private let socket: SharedDescriptor

  /// - Parameter port: 0 for any.
  init(_ endpoint: Endpoint, port: UInt16 = 0) throws {
    let any = try #require(IPAddress("0.0.0.0"))
    socket = SharedDescriptor(try endpoint.run { SharedBox(try Endpoint.socket(any, stream: false)) }.take())
    try socket.withRaw { raw in
      _ = try systemCall("bind", on: "\(port)") {
        unsafe Endpoint.withName(Endpoint.name(any, port)) { unsafe bind(raw, $0, $1) }
      }
    }
  }

  func send(_ text: String, to address: String, _ port: UInt16) throws {
    let name = Endpoint.name(try #require(IPAddress(address)), port)
    let bytes = Array(text.utf8)
    socket.withRaw { raw in
      _ = unsafe Endpoint.withName(name) { pointer, length in unsafe sendto(raw, bytes, bytes.count, 0, pointer, length) }
    }
  }

  /// nil when nothing comes within so many milliseconds.
  func receive(within limit: Int = 30_000) -> String? {
    socket.withRaw { raw in
      var limit = timeval(tv_sec: limit / 1000, tv_usec: limit % 1000 * 1000)
      _ = unsafe setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      var buffer = [UInt8](repeating: 0, count: 64)
      let count = unsafe recv(raw, &buffer, buffer.count, 0)
      return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
  }
}

/// Carries a descriptor out of a closure that cannot return a noncopyable value.
final class SharedBox {
  private var descriptor: OwnedDescriptor?
  init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = consume descriptor }
  func take() -> OwnedDescriptor {
    guard let taken = descriptor.take() else { preconditionFailure("taken twice") }
    return taken
  }
}
