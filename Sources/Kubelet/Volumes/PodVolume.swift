/// A prepared place on the host that containers mount. `setUp` blocks on the file system and is idempotent; what it makes is below the
/// pod's directory, where `VolumeTeardown` finds it.
protocol PodVolume: Sendable {
  /// Where it is on the host.
  var hostPath: String { get }
  /// Whether the pod's fsGroup owns it: what the kubelet made itself.
  var takesGroup: Bool { get }
  /// Whatever the mount says.
  var isReadOnly: Bool { get }
  /// - Returns: whether it was made or changed now.
  func setUp() throws(KubeletError) -> Bool
}

extension PodVolume {
  var isReadOnly: Bool { false }
}
