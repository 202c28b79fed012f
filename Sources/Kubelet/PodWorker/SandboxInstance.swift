internal import RuntimeAPI

/// One sandbox of a pod: what the runtime says, and what the kubelet did to it.
struct SandboxInstance: Sendable, Equatable {
  var status: SandboxStatus
  /// StopPodSandbox returned: its network is released.
  var isStopped = false
  /// As in `ContainerInstance`.
  var seen = 0
  var isReady: Bool { status.state == .ready && !isStopped }
}
