/// Which of a node's addresses is its own, from the text of the kernel's routing tables. Pure.
/// Source: k8s.io/apimachinery util/net `ChooseHostInterface`.
enum NodeAddresses {
  struct Device: Equatable, Sendable {
    var name: String
    var address: String
  }

  /// One address of each family, IPv4 first: that of the interface of the default route, or of the loopback interface when that one has
  /// none. A node without any default route has the first address that others can reach.
  /// - Parameters:
  ///   - routes4: /proc/net/route.
  ///   - routes6: /proc/net/ipv6_route.
  static func primary(_ devices: [Device], routes4: String, routes6: String) -> [String] {
    let defaults = [defaultInterfaces4(routes4), defaultInterfaces6(routes6)]
    let usable = devices.filter { isGlobal($0.address) }
    return [false, true].compactMap { isV6 in
      let family = usable.filter { $0.address.contains(":") == isV6 }
      for name in defaults[isV6 ? 1 : 0] {
        for candidate in [name, "lo"] {
          if let found = family.first(where: { $0.name == candidate }) { return found.address }
        }
      }
      // Addresses of a family that leads nowhere are not the node's, when the other one leads somewhere.
      return defaults.allSatisfy(\.isEmpty) ? family.first?.address : nil
    }
  }

  /// In the kernel's order, which is that of the metrics.
  private static func defaultInterfaces4(_ text: String) -> [String] {
    text.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(whereSeparator: \.isWhitespace)
      // Interface, destination, gateway, flags (RTF_UP: 1), ..., mask.
      guard fields.count > 7, fields[1] == "00000000", fields[7] == "00000000", (UInt32(fields[3], radix: 16) ?? 0) & 1 == 1 else {
        return nil
      }
      return String(fields[0])
    }
  }

  private static func defaultInterfaces6(_ text: String) -> [String] {
    // A node with many pods has thousands of routes, few of which are taken apart.
    let anywhere = String(repeating: "0", count: 32) + " 00 "
    return text.utf8.split(separator: UInt8(ascii: "\n")).filter { $0.starts(with: anywhere.utf8) }.compactMap { line in
      let fields = line.split(separator: UInt8(ascii: " "))
      // Destination, its length, source, its length, next hop, metric, two counters, flags, interface.
      guard fields.count > 9, !fields[9].elementsEqual("lo".utf8), fields[4].contains(where: { $0 != UInt8(ascii: "0") })
      else { return nil }
      return String(Substring(fields[9]))
    }
  }

  /// Neither loopback nor link-local nor multicast.
  private static func isGlobal(_ address: String) -> Bool {
    if address.contains(":") {
      let lower = address.lowercased()
      return lower != "::1" && lower != "::" && !lower.hasPrefix("ff")
        && !["fe8", "fe9", "fea", "feb"].contains { lower.hasPrefix($0) }
    }
    guard let first = Int(address.prefix { $0 != "." }) else { return false }
    return first != 127 && first != 0 && first < 224 && !address.hasPrefix("169.254.")
  }
}
