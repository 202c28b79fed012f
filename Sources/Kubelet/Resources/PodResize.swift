internal import KubeModel
internal import RuntimeAPI

/// New amounts of cpu and memory for containers that run. Pure. Source: KEP-1287, kubelet allocation/allocation_manager.go.
enum PodResize {
  /// Why new amounts do not act yet, or never.
  struct Pending: Equatable, Sendable {
    /// `Deferred`: perhaps later; `Infeasible`: not on this node, or not at all.
    var reason: String
    var message: String
  }

  /// Whether the versions differ in the amounts of containers that both have, or of the pod.
  static func isWanted(_ old: Pod, _ new: Pod) -> Bool {
    old.spec.resources != new.spec.resources
      || new.allContainers.contains { container, _ in
        old.container(named: container.name).map { $0.container.resources != container.resources } ?? false
      }
  }

  /// What keeps a running pod from its new amounts.
  /// - Parameter allocations: without what the pod has.
  static func pending(_ old: Pod, _ new: Pod, _ allocations: NodeAllocations, node: NodeFacts) -> Pending? {
    if old.qosClass != new.qosClass {
      return Pending(reason: "Infeasible", message: "Pod QOS Class may not change as a result of resizing")
    }
    if let refusal = Admission.fit(new, NodeAllocations(), node: node, maxPods: .max) {
      return Pending(reason: "Infeasible", message: refusal.message)
    }
    return Admission.fit(new, allocations, node: node, maxPods: .max).map { Pending(reason: "Deferred", message: $0.message) }
  }

  /// The new version with the amounts of the old one.
  static func withAmounts(of old: Pod, _ new: Pod) -> Pod {
    var pod = new
    pod.spec.resources = old.spec.resources
    func keep(_ container: inout Container) {
      if let known = old.container(named: container.name)?.container { container.resources = known.resources }
    }
    for index in pod.spec.containers.indices { keep(&pod.spec.containers[index]) }
    for index in (pod.spec.initContainers ?? []).indices { keep(&pod.spec.initContainers![index]) }
    return pod
  }

  enum Step: Equatable, Sendable {
    case none
    case update(LinuxResources)
    /// The container asks for it (`resizePolicy`), or a limit came or went, which a running container cannot take.
    case restart
  }

  /// From what a container runs with to what it is to have.
  static func step(_ container: Container, from has: LinuxResources, to wanted: LinuxResources) -> Step {
    let cpu =
      has.cpuShares != wanted.cpuShares || has.cpuQuota != wanted.cpuQuota
      || (wanted.cpuQuota != 0 && has.cpuPeriod != wanted.cpuPeriod)
    let memory = has.memoryLimit != wanted.memoryLimit
    if !cpu, !memory { return .none }
    func restarts(_ resource: String) -> Bool {
      (container.resizePolicy ?? []).contains { $0.resourceName == resource && $0.restartPolicy == "RestartContainer" }
    }
    if cpu && restarts("cpu") || memory && restarts("memory") { return .restart }
    if (has.cpuQuota > 0) != (wanted.cpuQuota > 0) || (has.memoryLimit > 0) != (wanted.memoryLimit > 0) { return .restart }
    return .update(
      LinuxResources(
        cpuPeriod: wanted.cpuPeriod, cpuQuota: wanted.cpuQuota, cpuShares: wanted.cpuShares, memoryLimit: wanted.memoryLimit))
  }
}
