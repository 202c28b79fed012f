public import KubeModel

/// What pods may have of a node: its capacity less what is reserved for the system, the kubelet and eviction. Pure.
/// Source: kubelet cm/node_container_manager_linux.go.
public struct NodePlan: Sendable, Equatable {
  /// `cpu`, `memory`, and `pid` (processes and threads).
  public let capacity: [String: Quantity]
  /// `systemReserved` and `kubeReserved`.
  public let reserved: [String: Quantity]
  /// What `evictionHard` keeps free of memory.
  public let evictionMemory: Quantity

  /// - Parameter pids: the kernel's limit of processes and threads.
  public init(milliCPU: Int64, memory: Int64, pids: Int64, configuration: KubeletConfiguration) {
    capacity = ["cpu": Quantity(milli: Int(milliCPU)), "memory": Quantity(Int(memory)), "pid": Quantity(Int(pids))]
    var reserved: [String: Quantity] = [:]
    for amounts in [configuration.systemReserved, configuration.kubeReserved] {
      reserved.add(amounts.compactMapValues { Quantity($0) })
    }
    // A fork bomb of a pod must leave the node the processes it needs to end it.
    if reserved["pid"] == nil { reserved["pid"] = Quantity(Int(min(pids, max(1000, pids / 10)))) }
    self.reserved = reserved
    evictionMemory = NodePlan.eviction(configuration.evictionHard["memory.available"], of: Int(memory))
  }

  /// What admission gives out.
  public var allocatable: [String: Quantity] {
    var result = enforced
    result["memory"] = max(0, (result["memory"] ?? 0) - evictionMemory)
    return result
  }

  /// What the cgroup of all pods is held to: eviction needs room above `allocatable` to act in.
  public var enforced: [String: Quantity] {
    capacity.reduce(into: [:]) { $0[$1.key] = max(0, $1.value - (reserved[$1.key] ?? 0)) }
  }

  /// An amount, or a percentage of the capacity.
  private static func eviction(_ threshold: String?, of capacity: Int) -> Quantity {
    guard let threshold else { return 0 }
    if threshold.hasSuffix("%"), let percent = Double(threshold.dropLast()), (0...100).contains(percent) {
      return Quantity(Int(Double(capacity) * percent / 100))
    }
    return Quantity(threshold) ?? 0
  }
}
