import CLinux
import Glibc

/// Looks at listening ports of this network namespace.
public enum PortBinding {
  /// Binds a port for a moment. EADDRINUSE: somebody has it.
  /// - Parameter address: an IPv4 address, or empty for all.
  public static func test(port: UInt16, address: String, stream: Bool) throws(SystemCallError) {
    let type = stream ? SOCK_STREAM : SOCK_DGRAM
    let socket = OwnedDescriptor(
      adopting: try systemCall("socket", on: "port \(port)") { Glibc.socket(AF_INET, CInt(type.rawValue) | 0o2000000, 0) })
    var one: CInt = 1
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    if !address.isEmpty { _ = unsafe inet_pton(AF_INET, address, &name.sin_addr) }
    _ = try socket.withRaw { raw throws(SystemCallError) in
      // Sockets in TIME_WAIT do not count.
      if stream { _ = unsafe setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, 4) }
      return try systemCall("bind", on: "port \(port)") {
        unsafe withUnsafePointer(to: &name) { pointer in
          unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe bind(raw, address, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
      }
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
