import Glibc
import LinuxSystem
import Netlink
import Testing

@testable import PodNetwork

/// What a pod with CAP_NET_RAW has: a socket that sends whole Ethernet frames on its eth0.
final class FrameSocket: Sendable {
  private let socket: SharedDescriptor
  private let name: [UInt8]

  init(_ endpoint: Endpoint) throws {
    let (box, index) = try endpoint.run {
      let eth0 = try #require(LinkInfo(try NetlinkConnection.route().get(RouteRequests.getLink("eth0"))))
      let raw = try systemCall("socket", on: "packet") { Glibc.socket(AF_PACKET, CInt(SOCK_RAW.rawValue) | 0o2000000, 0) }
      return (SharedBox(OwnedDescriptor(adopting: raw)), eth0.index)
    }
    socket = SharedDescriptor(box.take())
    // struct sockaddr_ll
    var name = MessageBuilder()
    name.append(UInt16(AF_PACKET))
    name.append(UInt16(0))
    name.append(index)
    name.append([UInt8](repeating: 0, count: 12))
    self.name = name.bytes
  }

  func send(_ frame: [UInt8], times: Int = 1) throws {
    for _ in 0..<times {
      let sent = socket.withRaw { raw in
        unsafe Endpoint.withName(name) { pointer, length in unsafe sendto(raw, frame, frame.count, 0, pointer, length) }
      }
      #expect(sent == frame.count, "errno \(errno)")
    }
  }
}

/// Frames an attacker makes. Sources: RFC 826, 791, 768, 8200, 4861.
enum Frame {
  static let broadcast = [UInt8](repeating: 0xff, count: 6)

  static func ethernet(to: [UInt8], from: [UInt8], type: [UInt8], _ body: [UInt8]) -> [UInt8] {
    let frame = to + from + type + body
    return frame + [UInt8](repeating: 0, count: max(0, 60 - frame.count))
  }

  /// Tells everybody that `address` is at `hardware`.
  /// - Parameter tag: a VLAN tag of this id in front.
  static func gratuitousARP(_ address: IPAddress, at hardware: [UInt8], tag: UInt8? = nil) -> [UInt8] {
    let arp: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1] + hardware + address.bytes + [0, 0, 0, 0, 0, 0] + address.bytes
    return ethernet(
      to: broadcast, from: hardware, type: (tag.map { [0x81, 0, 0, $0] } ?? []) + [8, 6], arp)
  }

  static func datagram(
    _ text: String, from: IPAddress, to: IPAddress, port: UInt16, hardware: (from: [UInt8], to: [UInt8])
  ) -> [UInt8] {
    let payload = Array(text.utf8)
    let length = UInt16(8 + payload.count)
    // No checksum: allowed for UDP over IPv4.
    let udp: [UInt8] = [0x30, 0x39, UInt8(port >> 8), UInt8(port & 0xff), UInt8(length >> 8), UInt8(length & 0xff), 0, 0] + payload
    let total = UInt16(20 + udp.count)
    var header: [UInt8] = [0x45, 0, UInt8(total >> 8), UInt8(total & 0xff), 0, 1, 0, 0, 64, 17, 0, 0] + from.bytes + to.bytes
    let sum = checksum(header)
    (header[10], header[11]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
    return ethernet(to: hardware.to, from: hardware.from, type: [8, 0], header + udp)
  }

  /// An ICMPv6 message; behind a hop-by-hop header when `hidden`.
  static func icmp6(
    _ message: [UInt8], from: IPAddress, to: IPAddress, hardware: (from: [UInt8], to: [UInt8]), hidden: Bool = false
  ) -> [UInt8] {
    var message = message
    let sum = checksum(
      from.bytes + to.bytes + [0, 0, UInt8(message.count >> 8), UInt8(message.count & 0xff), 0, 0, 0, 58] + message)
    (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
    let options: [UInt8] = hidden ? [58, 0, 1, 4, 0, 0, 0, 0] : []
    let length = message.count + options.count
    let header: [UInt8] = [0x60, 0, 0, 0, UInt8(length >> 8), UInt8(length & 0xff), hidden ? 0 : 58, 255]
    return ethernet(to: hardware.to, from: hardware.from, type: [0x86, 0xdd], header + from.bytes + to.bytes + options + message)
  }

  /// "I am your router", with a lifetime of half an hour.
  static let routerAdvertisement: [UInt8] = [134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0]

  /// "This address is here": unasked, overriding what is known.
  static func neighbourAdvertisement(_ address: IPAddress, at hardware: [UInt8]) -> [UInt8] {
    [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + hardware
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
    }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return ~UInt16(sum)
  }
}
