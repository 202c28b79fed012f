/// How Kubernetes turns amounts into cgroup values (pkg/kubelet/cm/helpers_linux.go). Any amount is allowed: what is too large is clipped.
public enum CgroupValues {
  /// cpu.shares: 1024 per core, 2...262144.
  public static func cpuShares(milliCPU: Int) -> Int {
    milliCPU <= 0 ? 2 : Int(min(262_144, max(2, Int128(milliCPU) * 1024 / 1000)))
  }

  /// cpu.weight of the groups that the kubelet writes (pods and above): linear, 1...10000.
  public static func cpuWeight(shares: Int) -> Int { 1 + (min(262_144, max(2, shares)) - 2) * 9999 / 262_142 }

  /// The request behind a weight, about: steps of a weight are 26 shares wide.
  public static func milliCPU(weight: Int) -> Int { (2 + (min(10_000, max(1, weight)) - 1) * 262_142 / 9999) * 1000 / 1024 }

  /// CFS quota in microseconds, at least 1000 and at most what the kernel takes (2^44 - 1, max_bw_runtime_us); `nil` without a limit.
  public static func cpuQuota(milliCPU: Int, period: Int = 100_000) -> Int? {
    milliCPU <= 0 ? nil : Int(min((1 << 44) - 1, max(1000, Int128(milliCPU) * Int128(period) / 1000)))
  }

  /// How the kernel names the page size of a resource: `hugepages-2Mi` is `2MB`. nil: the resource is something else.
  public static func hugepageSize(ofResource name: String) -> String? {
    guard name.hasPrefix("hugepages-") else { return nil }
    let size = name.dropFirst("hugepages-".count)
    return size.hasSuffix("i") ? size.dropLast() + "B" : String(size)
  }

  /// oom_score_adj of a container (pkg/kubelet/qos/policy.go).
  /// - Parameter memoryCapacity: of the node, in bytes.
  public static func oomScoreAdjust(pod: Pod, container: Container, memoryCapacity: Int) -> Int {
    let own = score(pod: pod, container: container, memoryCapacity: memoryCapacity)
    let sidecar = container.isSidecar && pod.spec.initContainers?.contains { $0.name == container.name } == true
    guard sidecar else { return own }
    let others = pod.spec.containers.map { score(pod: pod, container: $0, memoryCapacity: memoryCapacity) }
    return min(own, others.min() ?? own)
  }

  private static func score(pod: Pod, container: Container, memoryCapacity: Int) -> Int {
    if pod.isNodeCritical { return -997 }
    switch pod.qosClass {
    case .guaranteed: return -997
    case .bestEffort: return 1000
    case .burstable:
      guard memoryCapacity > 0 else { return 999 }
      let request = Int128(container.resources?.requests?["memory"]?.value ?? 0) + sharedMemory(pod)
      let share = Int(clamping: Int128(1000) * request / Int128(memoryCapacity))
      return min(999, max(3, 1000 - share))
    }
  }

  /// A container's part of what the pod asks for beyond its containers.
  private static func sharedMemory(_ pod: Pod) -> Int128 {
    guard let whole = pod.spec.resources?.requests?["memory"]?.value else { return 0 }
    let containers = (pod.spec.initContainers ?? []).filter(\.isSidecar) + pod.spec.containers
    let own = containers.reduce(Int128(0)) { $0 + Int128($1.resources?.requests?["memory"]?.value ?? 0) }
    return containers.isEmpty ? 0 : max(0, Int128(whole) - own) / Int128(containers.count)
  }
}

extension Pod {
  /// Never evicted, never swapped. Source: kubelet types.IsCriticalPod, of static pods and priorities.
  public var isCritical: Bool {
    (spec.priority ?? 0) >= 2_000_000_000 || ["system-node-critical", "system-cluster-critical"].contains(spec.priorityClassName)
  }

  /// Priority of system-node-critical and above.
  public var isNodeCritical: Bool { (spec.priority ?? 0) >= 2_000_001_000 || spec.priorityClassName == "system-node-critical" }
}
