import CLinux
import Glibc

/// Looks at listening ports of this network namespace.
public enum PortBinding {
  /// Binds a port for a moment. EADDRINUSE: somebody has it.
  /// - Parameter address: an IPv4 or IPv6 address, or empty for all of IPv4 (which a listener on all of IPv6 takes too, as a rule).
  public static func test(port: UInt16, address: String, stream: Bool) throws(SystemCallError) {
    let family = address.contains(":") ? AF_INET6 : AF_INET
    let type = stream ? SOCK_STREAM : SOCK_DGRAM
    let socket = OwnedDescriptor(
      adopting: try systemCall("socket", on: "port \(port)") { Glibc.socket(family, CInt(type.rawValue) | 0o2000000, 0) })
    var one: CInt = 1
    var four = sockaddr_in()
    four.sin_family = sa_family_t(AF_INET)
    four.sin_port = port.bigEndian
    var six = sockaddr_in6()
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_port = port.bigEndian
    if !address.isEmpty {
      let understood =
        unsafe family == AF_INET ? inet_pton(AF_INET, address, &four.sin_addr) : inet_pton(AF_INET6, address, &six.sin6_addr)
      guard understood == 1 else { throw SystemCallError(call: "inet_pton", subject: address, code: EINVAL) }
    }
    _ = try socket.withRaw { raw throws(SystemCallError) in
      // Sockets in TIME_WAIT do not count.
      if stream { _ = unsafe setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, 4) }
      // Listeners of IPv4 are asked about by an IPv4 address.
      if family == AF_INET6 { _ = unsafe setsockopt(raw, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4) }
      return try systemCall("bind", on: "port \(port)") {
        family == AF_INET ? bindName(raw, &four) : bindName(raw, &six)
      }
    }
  }

  private static func bindName<Name>(_ raw: CInt, _ name: inout Name) -> CInt {
    unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(raw, $0, socklen_t(MemoryLayout<Name>.size)) }
    }
  }

  /// `name (pid N)` of the process that has a port, when /proc tells; nil otherwise.
  public static func holder(port: UInt16, stream: Bool) -> String? {
    let digits = String(port, radix: 16, uppercase: true)
    let suffix = ":" + String(repeating: "0", count: 4 - digits.count) + digits
    var inodes: Set<String> = []
    for table in stream ? ["tcp", "tcp6"] : ["udp", "udp6"] {
      for line in ((try? readFile("/proc/net/\(table)")) ?? "").split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        // Local address, state (0A: LISTEN), inode.
        guard fields.count > 9, fields[1].hasSuffix(suffix), !stream || fields[3] == "0A" else { continue }
        inodes.insert("socket:[\(fields[9])]")
      }
    }
    guard !inodes.isEmpty else { return nil }
    for process in (try? listDirectory("/proc")) ?? [] where process.allSatisfy(\.isNumber) {
      for descriptor in (try? listDirectory("/proc/\(process)/fd")) ?? [] {
        var buffer = [CChar](repeating: 0, count: 64)
        let length = unsafe readlink("/proc/\(process)/fd/\(descriptor)", &buffer, 63)
        guard length > 0, inodes.contains(String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)) else {
          continue
        }
        let name = ((try? readFile("/proc/\(process)/comm")) ?? "?").split(separator: "\n").first.map(String.init) ?? "?"
        return "\(name) (pid \(process))"
      }
    }
    return nil
  }
}
