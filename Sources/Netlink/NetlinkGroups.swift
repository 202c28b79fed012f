import Glibc
internal import LinuxSystem

/// Multicast groups of rtnetlink: who joins one is told what changes in the network namespace of the thread that opened the socket.
enum NetlinkGroups {
  static let links: UInt32 = 0x1  // RTMGRP_LINK
  /// RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE.
  static let addressesAndRoutes: UInt32 = 0x10 | 0x40 | 0x100 | 0x400

  static func join(_ groups: UInt32) throws(SystemCallError) -> OwnedDescriptor {
    let descriptor = OwnedDescriptor(
      adopting: try systemCall("socket", on: "netlink protocol \(NetlinkProtocol.route)") {
        socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), NetlinkProtocol.route)
      })
    // struct sockaddr_nl: family, padding, port (0: the kernel picks one), groups.
    var name = MessageBuilder()
    name.append(UInt16(AF_NETLINK))
    name.append(UInt16(0))
    name.append(UInt32(0))
    name.append(groups)
    let bytes = name.bytes
    _ = try descriptor.withRaw { raw throws(SystemCallError) in
      try systemCall("bind", on: "netlink groups \(groups)") {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe bind(raw, unsafe buffer.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
      }
    }
    return descriptor
  }

  /// Takes everything that waits; an overflow is an event like any other. What happened is to be looked up.
  static func drain(_ raw: CInt) {
    var byte: UInt8 = 0
    while unsafe recv(raw, &byte, 1, CInt(MSG_DONTWAIT)) >= 0 || errno == ENOBUFS {}
  }
}
