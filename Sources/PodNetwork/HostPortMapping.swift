import Netlink

/// A port of the host that leads to a port of a pod.
public struct HostPortMapping: Hashable, Codable, Sendable {
  public enum Transport: UInt8, Codable, Sendable {
    case tcp = 6
    case udp = 17
    case sctp = 132
  }
  public var transport: Transport
  public var hostPort: UInt16
  public var containerPort: UInt16
  /// Only this address of the host; empty: all, 127.0.0.1 included.
  public var hostIP: String

  public init(transport: Transport, hostPort: UInt16, containerPort: UInt16, hostIP: String = "") {
    self.transport = transport
    self.hostPort = hostPort
    self.containerPort = containerPort
    // One spelling for each address, so that equal addresses are equal texts.
    self.hostIP = hostIP == "0.0.0.0" || hostIP == "::" ? "" : IPAddress(hostIP)?.description ?? hostIP
  }

  var description: String { "\(hostIP.isEmpty ? "" : hostIP + ":")\(hostPort)/\("\(transport)".uppercased())" }

  /// `meta l4proto . th dport`, each part padded to 4 bytes.
  var portKey: [UInt8] { [transport.rawValue, 0, 0, 0, UInt8(hostPort >> 8), UInt8(hostPort & 0xff), 0, 0] }

  /// The pod's address and port, padded likewise.
  func value(_ address: IPAddress) -> [UInt8] {
    address.bytes + [UInt8(containerPort >> 8), UInt8(containerPort & 0xff), 0, 0]
  }

  /// Whether both cannot be served at once.
  func overlaps(_ other: HostPortMapping) -> Bool {
    transport == other.transport && hostPort == other.hostPort
      && (hostIP.isEmpty || other.hostIP.isEmpty || hostIP == other.hostIP)
  }
}
