internal import KubeModel

/// Whether a pod may run here. Pure: the same pods and node give the same answer, and it is asked again when they change.
enum Admission {
  struct Refusal: Equatable, Sendable {
    var reason: String
    var message: String
  }

  /// - Parameter others: pods that run or were admitted before.
  static func check(_ pod: Pod, others: [Pod], node: NodeFacts, maxPods: Int) -> Refusal? {
    let allocations = NodeAllocations(others.filter { !["Succeeded", "Failed"].contains($0.status.phase) })
    return check(pod, allocations, node: node, maxPods: maxPods)
  }

  static func check(_ pod: Pod, _ allocations: NodeAllocations, node: NodeFacts, maxPods: Int) -> Refusal? {
    unable(pod, node: node) ?? fit(pod, allocations, node: node, maxPods: maxPods)
  }

  /// What depends on the pods that are there.
  static func fit(_ pod: Pod, _ allocations: NodeAllocations, node: NodeFacts, maxPods: Int) -> Refusal? {
    if allocations.count >= maxPods {
      return Refusal(
        reason: "OutOfpods",
        message: "Node didn't have enough resource: pods, requested: 1, used: \(allocations.count), capacity: \(maxPods)")
    }
    return portConflict(pod, allocations) ?? exceeds(pod, allocations, node: node)
  }

  static func portConflict(_ pod: Pod, _ allocations: NodeAllocations) -> Refusal? {
    allocations.conflict(pod).map { port in
      Refusal(
        reason: "NodePorts", message: "Predicate NodePorts failed: host port \(port.text) is used by pod \(port.owner)")
    }
  }

  /// What no other pod has a part in: the pod can never run here as it is written. Its cost is that of the whole pod: ask once.
  static func unable(_ pod: Pod, node: NodeFacts) -> Refusal? {
    if let name = pod.spec.nodeName, !name.isEmpty, name != node.name {
      return Refusal(reason: "NodeName", message: "Predicate NodeName failed: the pod is for node \(name), this is \(node.name)")
    }
    if let os = pod.metadata.labels?["kubernetes.io/os"], os != "linux" {
      return Refusal(
        reason: "PodOSSelectorNodeLabelDoesNotMatch",
        message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label")
    }
    if let os = pod.spec.os?.name, os != "linux" {
      return Refusal(reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS")
    }
    if !NodeSelection.matches(pod, labels: node.labels, nodeName: node.name) {
      return Refusal(
        reason: "NodeAffinity", message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
    }
    if let field = UnsupportedFields.of(pod).first(where: \.isFatal) {
      return Refusal(reason: "UnsupportedField", message: "\(field.path): \(field.reason)")
    }
    if let fault = SysctlRule.fault(pod, allowed: node.allowedUnsafeSysctls) {
      return Refusal(reason: "SysctlForbidden", message: fault)
    }
    let profiles =
      pod.allContainers.map { $0.container.securityContext?.appArmorProfile } + [pod.spec.securityContext?.appArmorProfile]
    if !node.hasAppArmor, profiles.contains(where: { $0.map { $0.type != "Unconfined" } ?? false }) {
      return Refusal(
        reason: "AppArmor", message: "Cannot enforce AppArmor: AppArmor is not enabled on the host")
    }
    return missingController(pod, node: node)
  }

  /// Sums are exact or clipped at 2^63-1 (`Quantity`), whatever a manifest asks for.
  private static func exceeds(_ pod: Pod, _ allocations: NodeAllocations, node: NodeFacts) -> Refusal? {
    let requests = pod.requests
    let allocatable = node.allocatable ?? [:]
    for (name, capacity) in [
      ("cpu", allocatable["cpu"] ?? Quantity(milli: Int(node.milliCPUCapacity))),
      ("memory", allocatable["memory"] ?? Quantity(Int(node.memoryCapacity))),
    ] {
      guard let requested = requests[name], requested > 0 else { continue }
      let used = allocations.used(name)
      if used + requested <= capacity { continue }
      func number(_ quantity: Quantity) -> Int { name == "cpu" ? quantity.milliValue : quantity.value }
      return Refusal(
        reason: "OutOf\(name)",
        message:
          "Node didn't have enough resource: \(name), requested: \(number(requested)), used: \(number(used)), "
          + "capacity: \(number(capacity))")
    }
    return nil
  }

  /// A limit that the kernel cannot enforce here refuses the pod: it is never silently ignored.
  private static func missingController(_ pod: Pod, node: NodeFacts) -> Refusal? {
    var limits = pod.allContainers.map { (owner: "container \($0.container.name)", limits: $0.container.resources?.limits ?? [:]) }
    limits.append(("the pod", pod.spec.resources?.limits ?? [:]))
    for (owner, amounts) in limits {
      for name in amounts.keys.sorted() {
        let controller = name.hasPrefix("hugepages-") ? "hugetlb" : name
        guard ["cpu", "memory", "hugetlb"].contains(controller), !node.controllers.contains(controller) else { continue }
        return missing(controller, "\(owner) has a \(name) limit", advice: "remove the limit")
      }
    }
    if node.podPidsLimit > 0, !node.controllers.contains("pids") {
      return missing("pids", "podPidsLimit is \(node.podPidsLimit)", advice: "set podPidsLimit to -1")
    }
    return nil
  }

  private static func missing(_ controller: String, _ wish: String, advice: String) -> Refusal {
    Refusal(
      reason: "UnexpectedAdmissionError",
      message:
        "\(wish), but this node's cgroup v2 hierarchy has no \(controller) controller (it may be in use by cgroup v1); "
        + "\(advice) or boot with cgroup v2 only")
  }
}
