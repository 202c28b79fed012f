public import LinuxSystem

/// A pod's place in the network.
public struct PodNetworkAttachment: Sendable {
  /// The pod's network namespace; whoever holds it keeps it alive.
  public let namespace: SharedDescriptor
  /// As text, in the order of the pod CIDR: the first is the pod's primary address.
  public let addresses: [String]
  /// The host's end of the veth pair.
  public let hostInterface: String
}
