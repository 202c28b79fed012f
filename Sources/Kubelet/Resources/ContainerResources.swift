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
    if resources.memoryLimit > 0, node.killsWholeContainerOnOOM { resources.unified["memory.oom.group"] = "1" }
    return resources
  }
}
