internal import RuntimeAPI

/// What the runtime has of one pod.
struct PodRuntimeState: Sendable, Equatable {
  /// The worker's news when the reading began: what it learned of later and is missing here is not gone.
  var since = Int.max
  var sandboxes: [SandboxStatus] = []
  var containers: [RuntimeAPI.ContainerStatus] = []
}

extension PodRuntimeState {
  /// The runtime's sandboxes and containers of one pod, with full status. The runtime looks through everybody's: for a pod whose own are
  /// not known.
  static func read(_ runtime: any ContainerRuntime, uid: PodUID) async throws(RuntimeError) -> PodRuntimeState {
    let labels = [Labels.podUID: uid.rawValue]
    let sandboxes = try await runtime.listPodSandboxes(SandboxFilter(labels: labels)).map(\.id)
    let containers = try await runtime.listContainers(ContainerFilter(labels: labels))
    return try await read(runtime, sandboxes, Dictionary(containers.map { ($0.id, $0.sandboxID) }) { $1 })
  }

  /// Those that were listed, with full status. What vanishes meanwhile is left out.
  static func read(
    _ runtime: any ContainerRuntime, _ sandboxes: [SandboxID], _ containers: [ContainerID: SandboxID]
  ) async throws(RuntimeError) -> PodRuntimeState {
    var state = PodRuntimeState()
    for id in sandboxes {
      do {
        state.sandboxes.append(try await runtime.podSandboxStatus(id, verbose: false).status)
      } catch  where error.code == .notFound { continue }
    }
    for (id, sandbox) in containers {
      do {
        var status = try await runtime.containerStatus(id, verbose: false).status
        status.sandboxID = sandbox
        state.containers.append(status)
      } catch  where error.code == .notFound { continue }
    }
    return state
  }
}
