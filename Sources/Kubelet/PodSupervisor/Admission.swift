internal import KubeModel

/// Whether a pod may run here. Pure: the same pods and node give the same answer, and it is asked again when they change.
enum Admission {
  struct Refusal: Equatable, Sendable {
    var reason: String
    var message: String
  }

  /// - Parameter others: pods that run or were admitted before.
  static func check(_ pod: Pod, others: [Pod], node: NodeFacts, maxPods: Int) -> Refusal? {
    if let name = pod.spec.nodeName, !name.isEmpty, name != node.name {
      return Refusal(reason: "NodeName", message: "Predicate NodeName failed: the pod is for node \(name), this is \(node.name)")
    }
    let active = others.filter { !["Succeeded", "Failed"].contains($0.status.phase) }
    if active.count >= maxPods {
      return Refusal(
        reason: "OutOfpods",
        message: "Node didn't have enough resource: pods, requested: 1, used: \(active.count), capacity: \(maxPods)")
    }
    if let port = conflict(pod, active) {
      return Refusal(
        reason: "NodePorts", message: "Predicate NodePorts failed: host port \(port.text) is used by pod \(port.owner)")
    }
    if let refusal = fit(pod, active, node: node) { return refusal }
    return missingController(pod, node: node)
  }

  private struct HostPort: Hashable {
    var number: Int32
    var transport: String
    var address: String
    func collides(with other: HostPort) -> Bool {
      number == other.number && transport == other.transport
        && (address == other.address || address.isEmpty || other.address.isEmpty)
    }
  }

  private static func ports(_ pod: Pod) -> [HostPort] {
    pod.allContainers.flatMap { item in
      (item.container.ports ?? []).compactMap { port in
        let number = port.hostPort ?? (pod.isHostNetwork ? port.containerPort : 0)
        let address = port.hostIP ?? ""
        return number == 0
          ? nil : HostPort(number: number, transport: port.protocol ?? "TCP", address: address == "0.0.0.0" ? "" : address)
      }
    }
  }

  private static func conflict(_ pod: Pod, _ others: [Pod]) -> (text: String, owner: String)? {
    let wanted = ports(pod)
    if wanted.isEmpty { return nil }
    for other in others {
      for taken in ports(other) {
        if let port = wanted.first(where: { $0.collides(with: taken) }) {
          return ("\(port.number)/\(port.transport)", "\(other.namespaceName)/\(other.podName)")
        }
      }
    }
    return nil
  }

  /// Sums are exact or clipped at 2^63-1 (`Quantity`), whatever a manifest asks for.
  private static func fit(_ pod: Pod, _ others: [Pod], node: NodeFacts) -> Refusal? {
    let requests = pod.requests
    let allocatable = node.allocatable ?? [:]
    for (name, capacity) in [
      ("cpu", allocatable["cpu"] ?? Quantity(milli: Int(node.milliCPUCapacity))),
      ("memory", allocatable["memory"] ?? Quantity(Int(node.memoryCapacity))),
    ] {
      guard let requested = requests[name], requested > 0 else { continue }
      let used = others.reduce(Quantity(0)) { $0 + ($1.requests[name] ?? 0) }
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
