internal import KubeModel
internal import RuntimeAPI

/// What goes on beside a pod's life and holds nothing up.
extension PodActions {
  /// Writes into the volumes what the pod says of itself now.
  func refreshVolumes(_ version: Int) async throws(KubeletError) {
    try await PodVolumes(pod, paths: paths, ledger: services.ledger, node: services.node).setUp()
    emit(.volumesRefreshed(version))
  }

  /// Gives containers that run the cpu and memory they are to have now. The pod's cgroup is raised before its containers and lowered after
  /// them. Source: kubelet `doPodResizeAction`.
  func resize(_ version: Int) async throws(KubeletError) {
    let node = services.node
    var steps: [(run: ContainerInstance, step: PodResize.Step, lowers: Bool)] = []
    for run in observed.live where run.status.state == .running && run.illness == nil {
      guard let (container, role) = pod.container(named: run.name), role != .initialization, let has = run.status.resources else {
        continue
      }
      let wanted = ContainerResources.linux(container, in: pod, node: node)
      let step = PodResize.step(container, from: has, to: wanted)
      let lowers = wanted.memoryLimit > 0 && (has.memoryLimit == 0 || wanted.memoryLimit < has.memoryLimit)
      if step != .none { steps.append((run, step, lowers)) }
    }
    if steps.isEmpty, pod.spec.resources == nil { return emit(.resized(version)) }
    let lowers = steps.contains(where: \.lowers)
    if !lowers { try await prepareCgroup() }
    for (run, step, lowersMemory) in steps {
      switch step {
      case .none: break
      case .restart: emit(.replace(run.id))
      case .update(let resources):
        if lowersMemory { try await checkUsage(run, resources.memoryLimit) }
        try await call("ResizeError", "resizing container \(run.name) failed") { () async throws(RuntimeError) in
          try await services.runtime.updateContainerResources(run.id, resources)
        }
        await report([run.id])
      }
    }
    if lowers { try await prepareCgroup() }
    if !steps.isEmpty { services.events.record(.normal, "ResizeCompleted", pod, "Pod resize completed") }
    emit(.resized(version))
  }

  /// A limit below what is in use would kill the container. Source: kubelet `validateMemoryResizeAction`.
  private func checkUsage(_ run: ContainerInstance, _ limit: Int64) async throws(KubeletError) {
    guard let stats = try? await services.runtime.containerStats(run.id), let used = stats.memory?.usage, used >= UInt64(limit)
    else {
      return
    }
    throw KubeletError(
      .runtime, reason: "ResizeError",
      "attempting to set container memory limit of \(run.name) (\(limit)) below current usage (\(used))")
  }
}
