internal import KubeModel

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
