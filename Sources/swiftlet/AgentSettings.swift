import KubeModel

/// Everything the flags and the config file decide.
struct AgentSettings: Sendable {
  var kubelet: KubeletConfiguration
  var rootDirectory: String
  var stateDirectory: String
  var criSocket: String
  /// Who may use the socket beside root.
  var criSocketGroup: UInt32?
  var bridge: String
  /// Pod networks kept ready.
  var preparedNetworks: Int
  var unprivilegedPorts: Bool
  var podNetwork: PodNetworkChoice
  /// Directory of network configurations.
  var cniConfigurations: String
  /// Directories of plugins.
  var cniPlugins: [String]
  var nodeName: String?
  var runtimeEndpoint: String?
  var imageDirectory: String
  /// Where registries are: a directory like containerd's certs.d.
  var registryHosts: String
  /// A config.json with credentials for registries.
  var registryCredentials: String
  /// Where files of the Container Device Interface are.
  var cdiDirectories: [String]
  /// Longest time a pull may be without progress, seconds.
  var pullProgressDeadline: Int
  var podshimPath: String
  var unpackerPath: String
  var runtimeOnly: Bool
  var stopPodsOnExit: Bool
  /// Where exec, attach and port-forward are served.
  var streaming: Streaming
  /// Where the read-only port listens.
  var readOnlyAddress: String

  /// Who gives pods their network.
  enum PodNetworkChoice: String, Sendable {
    /// Plugins when there is a configuration, else the bridge.
    case auto
    case bridge
    case cni
  }

  struct Streaming: Sendable {
    var address: String
    var port: Int
    /// Files of a certificate chain and its key; nil: plain HTTP.
    var certificate: (chain: String, key: String)?
  }
}
