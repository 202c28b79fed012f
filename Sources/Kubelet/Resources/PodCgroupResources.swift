internal import Cgroups
internal import KubeModel

/// What requests and limits become in the cgroups above containers: those of pods, of QoS classes, and of all pods. Pure; the container's
/// own share of the rule is `ContainerResources`.
enum PodCgroupResources {
  /// Source: kubelet `ResourceConfigForPod`.
  static func of(_ pod: Pod, node: NodeFacts) -> CgroupResources {
    var resources = CgroupResources()
    let (requests, limits) = (pod.requests, pod.limits)
    let shares = pod.qosClass == .bestEffort ? 2 : CgroupValues.cpuShares(milliCPU: requests["cpu"]?.milliValue ?? 0)
    resources.cpuWeight = UInt64(CgroupValues.cpuWeight(shares: shares))
    if node.enforcesCPUQuota, pod.isLimited("cpu"), let cpu = limits["cpu"],
      let quota = CgroupValues.cpuQuota(milliCPU: cpu.milliValue, period: Int(node.cpuQuotaPeriod))
    {
      resources.cpuQuota = Int64(quota)
      resources.cpuPeriod = UInt64(node.cpuQuotaPeriod)
    }
    if pod.isLimited("memory"), let memory = limits["memory"] { resources.memoryLimit = Int64(memory.value) }
    if node.podPidsLimit > 0 { resources.pidsLimit = Int64(node.podPidsLimit) }
    // Of a size nobody asked for there is none. Source: kubelet `HugePageLimits`, cgroupManagerImpl.
    resources.hugepageLimits = node.hugePageSizes.map { size in
      let requested = requests["hugepages-\(size.dropLast())i"]?.value ?? 0
      return CgroupResources.HugepageLimit(pageSize: size, limit: UInt64(clamping: requested))
    }
    return resources
  }

  /// The class of burstable pods weighs what they ask for together, so that guaranteed pods, its siblings, get theirs.
  /// Source: kubelet qos_container_manager_linux.go.
  static func burstable(milliCPU sum: Int128) -> CgroupResources {
    weight(CgroupValues.cpuShares(milliCPU: Int(clamping: sum)))
  }

  /// Pods that ask for nothing get what is left over.
  static let bestEffort = weight(2)

  /// - Parameter available: what cannot be enforced here is left out: it is nobody's request.
  static func allPods(_ plan: NodePlan, available: Set<Controller>) -> CgroupResources {
    let amounts = plan.enforced
    var resources = weight(CgroupValues.cpuShares(milliCPU: amounts["cpu"]?.milliValue ?? 0))
    if available.contains(.memory), let memory = amounts["memory"]?.value, memory > 0 { resources.memoryLimit = Int64(memory) }
    if available.contains(.pids), let pids = amounts["pid"]?.value, pids > 0 { resources.pidsLimit = Int64(pids) }
    return resources
  }

  private static func weight(_ shares: Int) -> CgroupResources {
    var resources = CgroupResources()
    resources.cpuWeight = UInt64(CgroupValues.cpuWeight(shares: shares))
    return resources
  }
}
