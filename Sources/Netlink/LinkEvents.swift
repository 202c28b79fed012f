import Glibc
public import LinuxSystem

/// What happens to links of the network namespace in which the calling thread was when this was made.
public final class LinkEvents: Sendable {
  private let descriptor: OwnedDescriptor
  private static let linkGroup: UInt32 = 1  // RTMGRP_LINK

  public init() throws(SystemCallError) {
    descriptor = OwnedDescriptor(
      adopting: try systemCall("socket", on: "netlink protocol \(NetlinkProtocol.route)") {
        socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), NetlinkProtocol.route)
      })
    // struct sockaddr_nl: family, padding, port (0: the kernel picks one), groups.
    var name = MessageBuilder()
    name.append(UInt16(AF_NETLINK))
    name.append(UInt16(0))
    name.append(UInt32(0))
    name.append(Self.linkGroup)
    let bytes = name.bytes
    _ = try descriptor.withRaw { raw throws(SystemCallError) in
      try systemCall("bind", on: "netlink group of links") {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe bind(raw, unsafe buffer.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
      }
    }
  }

  /// Waits until something happens to some link, or the time is over. What happened is to be looked up: events can be lost.
  public func wait(atMost limit: Duration) {
    let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
    descriptor.withRaw { raw in
      var wait = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&wait, 1, CInt(clamping: max(0, milliseconds))) > 0 else { return }
      var byte: UInt8 = 0
      // Everything that waits, an ENOBUFS included, is one event.
      while unsafe recv(raw, &byte, 1, CInt(MSG_DONTWAIT)) >= 0 || errno == ENOBUFS {}
    }
  }
}
