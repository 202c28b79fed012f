/// A pod that is on the node, as its own record says: what its network was.
public struct NetworkOwner: Sendable {
  /// The sandbox's id.
  public var owner: String
  /// As its attachment had them.
  public var addresses: [String]
  public var portMappings: [HostPortMapping]
  /// CLOCK_REALTIME nanoseconds.
  public var createdAt: Int64

  public init(owner: String, addresses: [String], portMappings: [HostPortMapping], createdAt: Int64) {
    (self.owner, self.addresses, self.portMappings, self.createdAt) = (owner, addresses, portMappings, createdAt)
  }
}
