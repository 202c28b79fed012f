public import LinuxSystem

/// What a pod asks of the network.
public struct AttachRequest: Sendable {
  /// The sandbox's id.
  public var owner: String
  /// What programs are told of it; the bridge does not ask.
  public var pod = NetworkPod()
  public var portMappings: [HostPortMapping]
  /// A namespace that is there already: one that belongs to the pod's user namespace, which only the pod's own processes can make.
  /// nil: the provider makes one (or has one ready), owned by the host's user namespace.
  public var namespace: SharedDescriptor?
  /// How long the caller waits. What comes later is taken back.
  public var limit: Duration

  public init(
    owner: String, portMappings: [HostPortMapping] = [], namespace: SharedDescriptor? = nil, limit: Duration = .seconds(60)
  ) {
    (self.owner, self.portMappings, self.namespace, self.limit) = (owner, portMappings, namespace, limit)
  }
}

/// Who gives pods their network: the bridge of this module, or programs (CNI).
public protocol PodNetworkProvider: Sendable {
  /// Makes the pod's network whole or not at all. It carries traffic when this returns.
  func attach(_ request: AttachRequest) async throws(PodNetworkError) -> PodNetworkAttachment
  /// Takes the pod's network away. Safe a second time, for an owner that was never attached, and after an attach that failed. One that
  /// timed out takes itself back: to detach what it is still making would free addresses before there is a link. An error leaves the
  /// record, so that it can be tried again.
  func detach(owner: String) async throws(PodNetworkError)
  /// Brings kernel and records together at start: what belongs to none of `liveOwners` is given back.
  func reconcile(liveOwners: Set<String>) async throws(PodNetworkError) -> NetworkReport
  /// Throws what keeps pods from having a network.
  func check() async throws(PodNetworkError)
  /// nil when nothing is known about the owner.
  func statistics(owner: String) async throws(PodNetworkError) -> InterfaceStatistics?
}
