/// Quality of service class (pkg/apis/core/v1/helper/qos).
public enum QoSClass: String, Codable, Sendable {
  case guaranteed = "Guaranteed"
  case burstable = "Burstable"
  case bestEffort = "BestEffort"
}

extension Pod {
  /// From cpu and memory only: Guaranteed if every container has limits for both and requests equal to them, BestEffort if none has
  /// any. Zero amounts do not count. Pod-level resources replace the containers' if set.
  public var qosClass: QoSClass {
    let sets =
      podLevelResources.map { [$0] }
      ?? ((spec.initContainers ?? []) + spec.containers).map { $0.resources ?? ResourceRequirements() }
    var requests: [String: Quantity] = [:]
    var limits: [String: Quantity] = [:]
    var guaranteed = true
    for resources in sets {
      var limited = 0
      for name in ["cpu", "memory"] {
        if let amount = resources.requests?[name] ?? resources.limits?[name], amount > 0 {
          requests[name] = requests[name].map { $0 + amount } ?? amount
        }
        if let amount = resources.limits?[name], amount > 0 {
          limits[name] = limits[name].map { $0 + amount } ?? amount
          limited += 1
        }
      }
      if limited < 2 { guaranteed = false }
    }
    if requests.isEmpty && limits.isEmpty { return .bestEffort }
    return guaranteed && requests == limits ? .guaranteed : .burstable
  }

  /// Resources of the pod as a whole, if any that it may have is set.
  var podLevelResources: ResourceRequirements? {
    guard let own = spec.resources else { return nil }
    let names = [own.requests, own.limits].flatMap { ($0 ?? [:]).keys }
    return names.contains(where: ResourceRequirements.isPodLevel) ? own : nil
  }

  /// From a file or URL of this node rather than the API.
  public var isStatic: Bool {
    guard let source = metadata.annotations?[StaticPod.sourceAnnotation] else { return false }
    return source != "api"
  }
  public var isHostNetwork: Bool { spec.hostNetwork ?? false }
}

extension ResourceRequirements {
  static func isPodLevel(_ name: String) -> Bool { name == "cpu" || name == "memory" || name.hasPrefix("hugepages-") }
}

extension Container {
  /// An init container that keeps running beside the others; means nothing for other containers.
  public var isSidecar: Bool { restartPolicy == "Always" }
}
