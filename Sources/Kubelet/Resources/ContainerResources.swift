internal import KubeModel
internal import RuntimeAPI

/// From a container's requests and limits to the runtime's numbers. Source: kubelet `generateLinuxContainerResources`.
enum ContainerResources {
  /// milliCPU to shares. Source: cm.MilliCPUToShares.
  static func shares(milliCPU: Int) -> Int64 { milliCPU == 0 ? 2 : Int64(max(2, min(262_144, milliCPU * 1024 / 1000))) }

  /// Microseconds of CPU for each period of `period` microseconds. Source: cm.MilliCPUToQuota.
  static func quota(milliCPU: Int, period: Int64) -> Int64 { milliCPU == 0 ? 0 : max(1000, Int64(milliCPU) * period / 1000) }

  /// - Parameter memoryCapacity: bytes of the node.
  static func linux(_ container: Container, role: ContainerRole, in pod: Pod, node: NodeFacts) -> LinuxResources {
    let limits = container.resources?.limits ?? [:]
    // A request that is not set is the limit (API defaulting).
    let requests = limits.merging(container.resources?.requests ?? [:]) { $1 }
    var resources = LinuxResources()
    resources.cpuShares = shares(milliCPU: requests["cpu"]?.milliValue ?? 0)
    if node.enforcesCPUQuota, let cpu = limits["cpu"] {
      resources.cpuPeriod = node.cpuQuotaPeriod
      resources.cpuQuota = quota(milliCPU: cpu.milliValue, period: node.cpuQuotaPeriod)
    }
    resources.memoryLimit = Int64(limits["memory"]?.value ?? 0)
    resources.oomScoreAdjust = oomScoreAdjust(container, role: role, in: pod, memoryCapacity: node.memoryCapacity)
    for (name, quantity) in limits.sorted(by: { $0.key < $1.key }) where name.hasPrefix("hugepages-") {
      resources.hugepageLimits.append(
        HugepageLimit(pageSize: hugepageSize(String(name.dropFirst("hugepages-".count))), limit: UInt64(max(0, quantity.value))))
    }
    if resources.memoryLimit > 0, node.killsWholeContainerOnOOM { resources.unified["memory.oom.group"] = "1" }
    return resources
  }

  /// `2Mi` as the kernel names it: `2MB`.
  private static func hugepageSize(_ text: String) -> String { text.hasSuffix("i") ? text.dropLast() + "B" : text }

  /// Source: kubelet qos/policy.go.
  static func oomScoreAdjust(_ container: Container, role: ContainerRole, in pod: Pod, memoryCapacity: Int64) -> Int64 {
    func own(_ container: Container) -> Int64 {
      if (pod.spec.priority ?? 0) >= 2_000_001_000 { return -997 }
      switch pod.qosClassName {
      case "Guaranteed": return -997
      case "BestEffort": return 1000
      default:
        let requests = (container.resources?.limits ?? [:]).merging(container.resources?.requests ?? [:]) { $1 }
        let request = Int64(requests["memory"]?.value ?? 0)
        let score = memoryCapacity > 0 ? 1000 - 1000 * request / memoryCapacity : 999
        return max(3, min(999, score))
      }
    }
    let score = own(container)
    guard role == .sidecar else { return score }
    return min(score, pod.spec.containers.map(own).min() ?? score)
  }
}

extension Pod {
  /// Source: kubelet `ComputePodQOS`: from cpu and memory of every container, init containers included.
  var qosClassName: String {
    let containers = initContainers + spec.containers
    var hasAny = false
    var isGuaranteed = true
    for container in containers {
      let limits = container.resources?.limits ?? [:]
      let requests = limits.merging(container.resources?.requests ?? [:]) { $1 }
      for name in ["cpu", "memory"] {
        let limit = limits[name].flatMap { $0.isZero ? nil : $0 }
        let request = requests[name].flatMap { $0.isZero ? nil : $0 }
        if limit != nil || request != nil { hasAny = true }
        if limit == nil || limit != request { isGuaranteed = false }
      }
    }
    return !hasAny ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable"
  }
}
