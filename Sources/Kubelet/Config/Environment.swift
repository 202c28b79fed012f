internal import KubeModel
internal import RuntimeAPI

/// A container's environment from its pod. Source: kubelet `makeEnvironmentVariables`.
enum Environment {
  /// In order, later entries of one name win; a value may refer to earlier ones. All together has at most `Expansion.maximumTotal` bytes.
  static func variables(
    _ container: Container, in pod: Pod, podIPs: [String], node: NodeFacts
  ) throws(KubeletError) -> [EnvironmentVariable] {
    var values: [String: String] = [:]
    var order: [String] = []
    var total = 0
    for (index, variable) in (container.env ?? []).enumerated() {
      let place = "\(pod.fieldPath(of: container.name)).env[\(index)].value"
      let value: String
      if let source = variable.valueFrom {
        guard let found = try self.value(source, container, in: pod, podIPs: podIPs, node: node) else { continue }
        value = found
      } else {
        value = try expand(variable.value ?? "", values, at: place)
      }
      let length = variable.name.utf8.count + value.utf8.count + 2
      total += length
      if length > Expansion.maximumLength { throw tooLong(place, Expansion.TooLong(limit: Expansion.maximumLength)) }
      if total > Expansion.maximumTotal { throw tooLong(place, Expansion.TooLong(limit: Expansion.maximumTotal)) }
      if values[variable.name] == nil { order.append(variable.name) }
      values[variable.name] = value
    }
    return order.map { EnvironmentVariable(name: $0, value: values[$0] ?? "") }
  }

  /// Command and arguments with their references resolved.
  static func commandLine(
    _ container: Container, in pod: Pod, environment: [EnvironmentVariable]
  ) throws(KubeletError) -> (command: [String], args: [String]) {
    let values = Dictionary(environment.map { ($0.name, $0.value) }) { $1 }
    var total = environment.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 2 }
    func expanded(_ words: [String], _ field: String) throws(KubeletError) -> [String] {
      var result: [String] = []
      for (index, word) in words.enumerated() {
        let place = "\(pod.fieldPath(of: container.name)).\(field)[\(index)]"
        result.append(try expand(word, values, at: place))
        total += result[index].utf8.count + 1
        if total > Expansion.maximumTotal { throw tooLong(place, Expansion.TooLong(limit: Expansion.maximumTotal)) }
      }
      return result
    }
    return (try expanded(container.command ?? [], "command"), try expanded(container.args ?? [], "args"))
  }

  private static func expand(_ text: String, _ values: [String: String], at place: String) throws(KubeletError) -> String {
    do throws(Expansion.TooLong) { return try Expansion.expand(text, values) } catch { throw tooLong(place, error) }
  }

  private static func tooLong(_ place: String, _ error: Expansion.TooLong) -> KubeletError {
    KubeletError(.invalidPod, reason: "CreateContainerConfigError", "\(place): with what comes before it, \(error)")
  }

  private static func value(
    _ source: EnvVarSource, _ container: Container, in pod: Pod, podIPs: [String], node: NodeFacts
  ) throws(KubeletError) -> String? {
    if let field = source.fieldRef { return try FieldPath.value(field.fieldPath, of: pod, podIPs: podIPs, node: node) }
    if let field = source.resourceFieldRef { return try resource(field, container, in: pod, node: node) }
    if source.configMapKeyRef?.optional == true || source.secretKeyRef?.optional == true { return nil }
    let kind = source.fileKeyRef != nil ? "fileKeyRef, which is not supported yet" : "an object of the API server"
    throw KubeletError(
      .invalidPod, reason: "CreateContainerConfigError", "the environment of container \(container.name) refers to \(kind)")
  }

  static func resource(
    _ field: ResourceFieldSelector, _ own: Container, in pod: Pod, node: NodeFacts
  ) throws(KubeletError) -> String {
    guard let container = field.containerName.map({ name in pod.container(named: name)?.container }) ?? own else {
      throw KubeletError(
        .invalidPod, reason: "CreateContainerConfigError", "container \(field.containerName ?? "") not found in the pod")
    }
    let parts = field.resource.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, ["limits", "requests"].contains(parts[0]) else {
      throw KubeletError(.invalidPod, reason: "CreateContainerConfigError", "unsupported container resource \"\(field.resource)\"")
    }
    let resources = container.resources
    let quantity: Quantity
    if parts[0] == "limits" {
      // Without a limit the node is the limit. Source: resource.MergeContainerResourceLimits.
      quantity = resources?.limits?[parts[1]] ?? allocatable(parts[1], node: node)
    } else {
      quantity = resources?.requests?[parts[1]] ?? resources?.limits?[parts[1]] ?? 0
    }
    let divisor = field.divisor.flatMap { $0.isZero ? nil : $0 } ?? 1
    let (amount, unit) =
      parts[1] == "cpu" ? (quantity.milliValue, divisor.milliValue) : (quantity.value, divisor.value)
    return "\((Int128(amount) + Int128(unit) - 1) / Int128(max(unit, 1)))"
  }

  private static func allocatable(_ name: String, node: NodeFacts) -> Quantity {
    switch name {
    case "cpu": Quantity(milli: Int(node.milliCPUCapacity))
    case "memory": Quantity(Int(node.memoryCapacity))
    default: 0
    }
  }
}
