/// What programs that make a pod's network are told of the pod.
public struct NetworkPod: Sendable {
  public var namespace = ""
  public var name = ""
  public var uid = ""
  public var annotations: [String: String] = [:]
  /// nil: the pod has the node's name servers.
  public var dns: DNS?
  /// What holds the pod's cgroups, below the cgroup v2 mount.
  public var cgroup = ""

  public struct DNS: Sendable {
    public var servers: [String]
    public var searches: [String]
    public var options: [String]

    public init(servers: [String], searches: [String], options: [String]) {
      (self.servers, self.searches, self.options) = (servers, searches, options)
    }
  }

  public init() {}
}
