internal import KubeModel
internal import RuntimeAPI

/// A container's environment from its pod. Source: kubelet `makeEnvironmentVariables`.
enum Environment {
  /// In order, later entries of one name win; a value may refer to earlier ones.
  static func variables(
    _ container: Container, in pod: Pod, podIPs: [String], node: NodeFacts
  ) throws(KubeletError) -> [EnvironmentVariable] {
    var values: [String: String] = [:]
    var order: [String] = []
    for variable in container.env ?? [] {
      let value: String
      if let source = variable.valueFrom {
        guard let found = try self.value(source, container, in: pod, podIPs: podIPs, node: node) else { continue }
        value = found
      } else {
        value = Expansion.expand(variable.value ?? "", values)
      }
      if values[variable.name] == nil { order.append(variable.name) }
      values[variable.name] = value
    }
    return order.map { EnvironmentVariable(name: $0, value: values[$0] ?? "") }
  }

  private static func value(
    _ source: EnvVarSource, _ container: Container, in pod: Pod, podIPs: [String], node: NodeFacts
  ) throws(KubeletError) -> String? {
    if let field = source.fieldRef { return try FieldPath.value(field.fieldPath, of: pod, podIPs: podIPs, node: node) }
    if let field = source.resourceFieldRef { return try resource(field, container, in: pod, node: node) }
    if source.configMapKeyRef?.optional == true || source.secretKeyRef?.optional == true { return nil }
    throw KubeletError(
      .invalidPod, reason: "CreateContainerConfigError",
      "environment of container \(container.name) refers to an object of the API server; a pod from a manifest cannot have those")
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
    return "\((amount + unit - 1) / max(unit, 1))"
  }

  private static func allocatable(_ name: String, node: NodeFacts) -> Quantity {
    switch name {
    case "cpu": Quantity(milli: Int(node.milliCPUCapacity))
    case "memory": Quantity(Int(node.memoryCapacity))
    default: 0
    }
  }
}

/// Downward API fields. Source: kubelet `podFieldSelectorRuntimeValue`.
enum FieldPath {
  static func value(_ path: String, of pod: Pod, podIPs: [String], node: NodeFacts) throws(KubeletError) -> String {
    if let key = subscripted("metadata.labels", path) { return pod.metadata.labels?[key] ?? "" }
    if let key = subscripted("metadata.annotations", path) { return pod.metadata.annotations?[key] ?? "" }
    switch path {
    case "metadata.name": return pod.podName
    case "metadata.namespace": return pod.namespaceName
    case "metadata.uid": return pod.metadata.uid ?? ""
    case "spec.nodeName": return pod.spec.nodeName ?? node.name
    case "spec.serviceAccountName": return pod.spec.serviceAccountName ?? ""
    case "status.hostIP": return node.hostIPs.first ?? ""
    case "status.hostIPs": return node.hostIPs.joined(separator: ",")
    case "status.podIP": return (pod.isHostNetwork ? node.hostIPs : podIPs).first ?? ""
    case "status.podIPs": return (pod.isHostNetwork ? node.hostIPs : podIPs).joined(separator: ",")
    default: throw KubeletError(.invalidPod, reason: "CreateContainerConfigError", "unsupported fieldPath: \(path)")
    }
  }

  /// `prefix['key']`: the key.
  private static func subscripted(_ prefix: String, _ path: String) -> String? {
    guard path.hasPrefix(prefix + "['"), path.hasSuffix("']") else { return nil }
    return String(path.dropFirst(prefix.count + 2).dropLast(2))
  }
}
