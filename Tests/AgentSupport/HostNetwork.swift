import Glibc
package import LinuxSystem
import Netlink

/// The test process's own network namespace, in which its agents have their bridges.
package enum HostNetwork {
  package static func loopbackUp() throws { try NetlinkSocket.route().perform(RouteRequests.setUp(index: 1, name: "lo")) }

  /// No effect when there is none.
  package static func removeLink(_ name: String) { try? NetlinkSocket.route().perform(RouteRequests.deleteLink(name)) }

  /// The answer to `GET path`, head and body; at most 3 s. Blocks: on a thread of its own.
  package static func get(_ host: String, _ port: Int, _ path: String = "/") async throws(SystemCallError) -> String {
    try await runBlocking { () throws(SystemCallError) in
      let subject = "\(host):\(port)"
      let connection = OwnedDescriptor(adopting: try call("socket", subject) { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
      return try connection.withRaw { raw throws(SystemCallError) in
        var limit = timeval(tv_sec: 3, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
          unsafe setsockopt(raw, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        unsafe inet_pton(AF_INET, host, &address.sin_addr)
        _ = try call("connect", subject) {
          unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
              unsafe connect(raw, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
          }
        }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: \(host)\r\n\r\n".utf8)
        _ = try call("send", subject) { Int32(unsafe send(raw, request, request.count, Int32(MSG_NOSIGNAL))) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
          let count = try call("recv", subject) { Int32(unsafe recv(raw, &buffer, buffer.count, 0)) }
          if count == 0 { return String(decoding: answer, as: UTF8.self) }
          answer += buffer[..<Int(count)]
        }
      }
    }
  }

  private static func call(_ name: String, _ subject: String, _ body: () -> Int32) throws(SystemCallError) -> Int32 {
    let result = body()
    if result < 0 { throw SystemCallError(call: name, subject: subject, code: errno) }
    return result
  }
}
