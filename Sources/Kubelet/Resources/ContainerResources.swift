internal import KubeModel
internal import RuntimeAPI

/// From a container's requests and limits to the runtime's numbers. Source: kubelet `generateLinuxContainerResources`.
enum ContainerResources {
  static func linux(_ container: Container, in pod: Pod, node: NodeFacts) -> LinuxResources {
    let limits = container.resources?.limits ?? [:]
    // A request that is not set is the limit (API defaulting).
    let requests = limits.merging(container.resources?.requests ?? [:]) { $1 }
    var resources = LinuxResources()
    resources.cpuShares = Int64(CgroupValues.cpuShares(milliCPU: requests["cpu"]?.milliValue ?? 0))
    if node.enforcesCPUQuota, let cpu = limits["cpu"],
      let quota = CgroupValues.cpuQuota(milliCPU: cpu.milliValue, period: Int(node.cpuQuotaPeriod))
    {
      resources.cpuPeriod = node.cpuQuotaPeriod
      resources.cpuQuota = Int64(quota)
    }
    resources.memoryLimit = Int64(limits["memory"]?.value ?? 0)
    resources.oomScoreAdjust = Int64(
      CgroupValues.oomScoreAdjust(pod: pod, container: container, memoryCapacity: Int(node.memoryCapacity)))
    for (name, quantity) in limits.sorted(by: { $0.key < $1.key }) {
      guard let size = CgroupValues.hugepageSize(ofResource: name) else { continue }
      resources.hugepageLimits.append(HugepageLimit(pageSize: size, limit: UInt64(max(0, quantity.value))))
    }
    // A kernel that does not account for swap has no such file, and the cgroup is left without (`Cgroups`).
    if node.controllers.contains("memory") { resources.unified["memory.swap.max"] = "\(swapLimit(container, in: pod, node: node))" }
    if resources.memoryLimit > 0, node.killsWholeContainerOnOOM { resources.unified["memory.oom.group"] = "1" }
    return resources
  }

  /// Bytes of swap: with `LimitedSwap` the part of the node's that the container asks for of its memory, for burstable pods that could use
  /// some. Source: kubelet `GetContainerSwapBehavior`, `calcSwapForBurstablePods`.
  static func swapLimit(_ container: Container, in pod: Pod, node: NodeFacts) -> Int64 {
    guard node.limitsSwap, node.memoryCapacity > 0, pod.qosClass == .burstable, !pod.isCritical else { return 0 }
    let limit = container.resources?.limits?["memory"]?.value
    guard let request = container.resources?.requests?["memory"]?.value ?? limit, request > 0, request != limit else { return 0 }
    return Int64(Double(request) / Double(node.memoryCapacity) * Double(node.swapCapacity))
  }
}
