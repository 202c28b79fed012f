/// Where the programs that make networks are, what they are told, and where their work is kept.
public struct CNISettings: Sendable {
  /// Configurations, by name.
  public var configurations: String
  public var plugins: [String]
  /// Records of attachments; outlives a reboot.
  public var records: String
  /// Names of network namespaces, which end with the machine.
  public var namespaces: String
  /// `NAME=value`.
  public var environment: [String]
  /// What plugins with the capability `ipRanges` are told.
  public var podCIDR: String
  /// Of the agent: its tables are named after it.
  public var bridgeName: String
  /// As `BridgeNetworkSettings` has it.
  public var unprivilegedPorts: Bool
  /// Without a configuration no pod has a network: the bridge does not stand in.
  public var isRequired: Bool

  public init(
    configurations: String, plugins: [String], records: String, namespaces: String, environment: [String], podCIDR: String,
    bridgeName: String, unprivilegedPorts: Bool = true, isRequired: Bool = false
  ) {
    (self.configurations, self.plugins, self.records, self.namespaces) = (configurations, plugins, records, namespaces)
    (self.environment, self.podCIDR, self.bridgeName) = (environment, podCIDR, bridgeName)
    (self.unprivilegedPorts, self.isRequired) = (unprivilegedPorts, isRequired)
  }
}
