extension Pod {
  /// What the pod asks for: max(sum of containers and sidecars, each init container and the sidecars before it) + overhead;
  /// pod-level resources replace the containers' (k8s.io/component-helpers/resource).
  public var requests: [String: Quantity] { total(\.requests) { _ in true } }
  /// The same without what the pod sets for itself, and without overhead.
  var containerRequests: [String: Quantity] { aggregate(\.requests) }
  /// The same rule on limits. A container without a limit adds nothing: see `isLimited`.
  public var limits: [String: Quantity] { total(\.limits) { $0 != nil } }

  /// Whether every container (or the pod itself) sets a limit for the resource: only then does the pod's cgroup get one.
  public func isLimited(_ resource: String) -> Bool {
    if spec.resources?.limits?[resource] != nil { return true }
    return ((spec.initContainers ?? []) + spec.containers).allSatisfy { ($0.resources?.limits?[resource] ?? 0) > 0 }
  }

  /// - Parameter takesOverhead: given the sum so far; overhead adds to requests always, to limits only where there is one.
  private func total(
    _ part: KeyPath<ResourceRequirements, [String: Quantity]?>, takesOverhead: (Quantity?) -> Bool
  ) -> [String: Quantity] {
    var sum = aggregate(part)
    if let own = spec.resources?[keyPath: part] { sum.merge(own) { _, pod in pod } }
    for (name, amount) in spec.overhead ?? [:] where takesOverhead(sum[name]) { sum[name] = (sum[name] ?? 0) + amount }
    return sum
  }

  private func aggregate(_ part: KeyPath<ResourceRequirements, [String: Quantity]?>) -> [String: Quantity] {
    func amounts(_ container: Container) -> [String: Quantity] { container.resources?[keyPath: part] ?? [:] }
    var running: [String: Quantity] = [:]
    for container in spec.containers { running.add(amounts(container)) }
    var sidecars: [String: Quantity] = [:]
    var starting: [String: Quantity] = [:]
    for container in spec.initContainers ?? [] {
      if container.isSidecar {
        sidecars.add(amounts(container))
        running.add(amounts(container))
        starting.raise(to: sidecars)
      } else {
        var sum = sidecars
        sum.add(amounts(container))
        starting.raise(to: sum)
      }
    }
    running.raise(to: starting)
    return running
  }
}

extension [String: Quantity] {
  public mutating func add(_ other: [String: Quantity]) { merge(other) { $0 + $1 } }
  mutating func raise(to other: [String: Quantity]) { merge(other) { Swift.max($0, $1) } }
}
