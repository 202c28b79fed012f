public import KubeModel

/// The cgroups of pods, as the kubelet needs them: the only place that knows where they are. The calls are given by whoever composes
/// the agent, because a node without cgroup v2 controllers has none.
public struct PodCgroups: Sendable {
  /// A cgroup that has a pod's name.
  public struct Found: Equatable, Sendable {
    public var uid: PodUID
    /// Below the cgroup v2 root.
    public var path: String
    /// A process lives in it.
    public var isPopulated: Bool
  }

  /// Makes the pod's cgroup and writes its limits; second call updates them. Returns the path below the cgroup v2 root.
  public var prepare: @Sendable (Pod) async throws -> String
  /// Path below the cgroup v2 root without making anything.
  public var path: @Sendable (Pod) -> String
  /// Removes it and what is in it, in whatever QoS class it is; gone already: no effect.
  public var remove: @Sendable (PodUID) async throws -> Void
  /// Every pod's cgroup there is, whoever made it.
  public var found: @Sendable () async throws -> [Found]
  /// The node has other facts: what all pods may have together follows.
  public var nodeChanged: @Sendable (NodeFacts) async -> Void

  public init(
    prepare: @escaping @Sendable (Pod) async throws -> String, path: @escaping @Sendable (Pod) -> String,
    remove: @escaping @Sendable (PodUID) async throws -> Void,
    found: @escaping @Sendable () async throws -> [Found] = { [] },
    nodeChanged: @escaping @Sendable (NodeFacts) async -> Void = { _ in }
  ) {
    self.prepare = prepare
    self.path = path
    self.remove = remove
    self.found = found
    self.nodeChanged = nodeChanged
  }

  /// The runtime's own parent is used for every pod.
  public static let none = PodCgroups(prepare: { _ in "" }, path: { _ in "" }, remove: { _ in })

  /// Source: kubelet cgroupfs layout: Guaranteed pods directly below kubepods.
  public static func path(of pod: Pod, root: String) -> String {
    path(of: pod.podUID, pod.qosClass, root: root)
  }

  static func path(of uid: PodUID, _ qos: QoSClass, root: String) -> String {
    switch qos {
    case .guaranteed: "\(root)/pod\(uid)"
    case .burstable: "\(root)/burstable/pod\(uid)"
    case .bestEffort: "\(root)/besteffort/pod\(uid)"
    }
  }
}
