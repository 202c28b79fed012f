internal import KubeModel

/// Whether a pod wants a node with other labels: the kubelet checks what a scheduler would, for static pods too.
/// Source: k8s.io/component-helpers scheduling/corev1/nodeaffinity.
enum NodeSelection {
  static func matches(_ pod: Pod, labels: [String: String], nodeName: String) -> Bool {
    if let selector = pod.spec.nodeSelector, selector.contains(where: { labels[$0.key] != $0.value }) { return false }
    guard let required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution else { return true }
    return required.nodeSelectorTerms.contains { term in
      let (expressions, fields) = (term.matchExpressions ?? [], term.matchFields ?? [])
      // A term that says nothing matches nothing.
      if expressions.isEmpty && fields.isEmpty { return false }
      return expressions.allSatisfy { matches($0, labels[$0.key]) }
        && fields.allSatisfy { matches($0, $0.key == "metadata.name" ? nodeName : nil) }
    }
  }

  private static func matches(_ requirement: NodeSelectorRequirement, _ value: String?) -> Bool {
    let values = requirement.values ?? []
    switch requirement.operator {
    case "In": return value.map(values.contains) ?? false
    case "NotIn": return value.map { !values.contains($0) } ?? true
    case "Exists": return value != nil
    case "DoesNotExist": return value == nil
    case "Gt", "Lt":
      guard let value, let number = Int(value), let bound = values.first.flatMap({ Int($0) }) else { return false }
      return requirement.operator == "Gt" ? number > bound : number < bound
    default: return false
    }
  }
}

extension NodeFacts {
  /// What a kubelet says of its node.
  var labels: [String: String] {
    #if arch(arm64)
      let architecture = "arm64"
    #else
      let architecture = "amd64"
    #endif
    return [
      "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture,
      "beta.kubernetes.io/os": "linux",
      "beta.kubernetes.io/arch": architecture,
    ]
  }
}
