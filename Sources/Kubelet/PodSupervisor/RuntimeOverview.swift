internal import RuntimeAPI

/// What the runtime has of a pod, in short: enough to see whether what is known of it is still true.
struct RuntimeOverview: Sendable, Equatable {
  var sandboxes: [SandboxID: SandboxState] = [:]
  var containers: [ContainerID: RuntimeAPI.ContainerState] = [:]

  /// Everything on the node by pod, with two calls.
  static func all(_ runtime: any ContainerRuntime) async throws(RuntimeError) -> [PodUID: RuntimeOverview] {
    var pods: [PodUID: RuntimeOverview] = [:]
    for sandbox in try await runtime.listPodSandboxes(SandboxFilter()) {
      if let uid = sandbox.labels[Labels.podUID] {
        pods[PodUID(uid), default: RuntimeOverview()].sandboxes[sandbox.id] = sandbox.state
      }
    }
    for container in try await runtime.listContainers(ContainerFilter()) {
      if let uid = container.labels[Labels.podUID] {
        pods[PodUID(uid), default: RuntimeOverview()].containers[container.id] = container.state
      }
    }
    return pods
  }

  /// Whether a pod's worker knows all of this.
  func agrees(with observed: Observed) -> Bool {
    let known = observed.containers.values.flatMap { $0 }
    return sandboxes.count == observed.sandboxes.count && containers.count == known.count
      && observed.sandboxes.allSatisfy { sandboxes[$0.status.id] == $0.status.state }
      && known.allSatisfy { containers[$0.id] == $0.status.state }
  }
}
