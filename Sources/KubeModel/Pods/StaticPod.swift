/// What Kubernetes does to a pod from a file before it runs (pkg/kubelet/config/common.go).
public enum StaticPod {
  public static let hashAnnotation = "kubernetes.io/config.hash"
  public static let sourceAnnotation = "kubernetes.io/config.source"
  public static let seenAnnotation = "kubernetes.io/config.seen"

  /// The pod with node name, `<name>-<node>`, namespace, UID, annotations and the NoExecute toleration. `pod` has its defaults.
  /// - Parameter source: where it came from, such as `file:/etc/kubernetes/manifests/web.yaml`: two equal files are two pods.
  public static func prepare(_ pod: Pod, node: String, source: String, seen: Time) -> Pod {
    var result = pod
    let uid = pod.metadata.uid.flatMap { $0.isEmpty ? nil : $0 } ?? uid(of: pod, node: node, source: source)
    result.metadata.uid = uid
    result.metadata.name = name(pod.metadata.name ?? "", node: node)
    if (pod.metadata.namespace ?? "").isEmpty { result.metadata.namespace = "default" }
    result.metadata.annotations = (pod.metadata.annotations ?? [:]).merging([
      hashAnnotation: uid, sourceAnnotation: "file", seenAnnotation: seen.rfc3339Nano,
    ]) { _, new in new }
    result.spec.nodeName = node
    result.applyAppArmorAnnotations()
    result.spec.tolerations = (pod.spec.tolerations ?? []) + [Toleration(effect: "NoExecute", operator: "Exists")]
    result.status.phase = "Pending"
    return result
  }

  public static func name(_ name: String, node: String) -> String { "\(name)-\(node.lowercased())" }

  /// 32 hexadecimal digits that change with content, path and node, and with nothing else.
  public static func uid(of pod: Pod, node: String, source: String) -> String {
    var hash = FNV128()
    var content = pod
    content.status = PodStatus()
    hash.update(((try? JSONValue(encoding: content).text) ?? "").utf8)
    hash.update("host:\(node)".utf8)
    hash.update(source.utf8)
    return hash.hex
  }

  /// What is wrong with a valid pod as a static pod of a node.
  public static func faults(_ pod: Pod, node: String) -> [FieldError] {
    var faults = nameFaults(pod, node: node) + forbiddenReferences(pod)
    if !(pod.spec.schedulingGates ?? []).isEmpty {
      let message = "Forbidden: a static pod has its node, and nodeName cannot be set until all schedulingGates have been cleared"
      faults.append(FieldError(path: "spec.schedulingGates", message: message))
    }
    if !(pod.spec.ephemeralContainers ?? []).isEmpty {
      faults.append(FieldError(path: "spec.ephemeralContainers", message: "Forbidden: cannot be set on create"))
    }
    return faults
  }

  /// The node's suffix makes names longer than validation saw; they become names of directories, too.
  private static func nameFaults(_ pod: Pod, node: String) -> [FieldError] {
    let full = name(pod.metadata.name ?? "", node: node)
    if full.utf8.count > 253 {
      let text = "Invalid value: with the node's name it is \"\(full.clipped(to: 128))\": must be no more than 253 characters"
      return [FieldError(path: "metadata.name", message: text)]
    }
    let uid = pod.metadata.uid.flatMap { $0.isEmpty ? nil : $0.utf8.count } ?? 32
    let length = max(7, (pod.metadata.namespace ?? "").utf8.count) + full.utf8.count + uid + 2
    if length <= 255 { return [] }
    let text = "Invalid value: namespace, name with the node's, and uid name the log directory: \(length) of at most 255 bytes"
    return [FieldError(path: "metadata.name", message: text)]
  }

  /// A static pod may not need the API server (PreventStaticPodAPIReferences): the fields that do.
  public static func forbiddenReferences(_ pod: Pod) -> [FieldError] {
    var errors: [FieldError] = []
    func forbid(_ path: String, _ what: String) {
      errors.append(FieldError(path: path, message: "Forbidden: static pods may not reference \(what)"))
    }
    if !(pod.spec.serviceAccountName ?? "").isEmpty { forbid("spec.serviceAccountName", "serviceaccounts") }
    if !(pod.spec.resourceClaims ?? []).isEmpty { forbid("spec.resourceClaims", "resourceclaims") }
    if !(pod.spec.imagePullSecrets ?? []).isEmpty { forbid("spec.imagePullSecrets", "secrets") }
    for (place, container) in pod.containersWithPaths {
      for (index, source) in (container.envFrom ?? []).enumerated() {
        forbid("\(place).envFrom[\(index)]", source.secretRef != nil ? "secrets" : "configmaps")
      }
      for (index, variable) in (container.env ?? []).enumerated() {
        let path = "\(place).env[\(index)].valueFrom"
        if variable.valueFrom?.secretKeyRef != nil { forbid("\(path).secretKeyRef", "secrets") }
        if variable.valueFrom?.configMapKeyRef != nil { forbid("\(path).configMapKeyRef", "configmaps") }
      }
    }
    for (index, volume) in (pod.spec.volumes ?? []).enumerated() {
      let path = "spec.volumes[\(index)]"
      if volume.secret != nil { forbid("\(path).secret", "secrets") }
      if volume.configMap != nil { forbid("\(path).configMap", "configmaps") }
      if volume.persistentVolumeClaim != nil { forbid("\(path).persistentVolumeClaim", "persistentvolumeclaims") }
      for (inner, source) in (volume.projected?.sources ?? []).enumerated() where source.downwardAPI == nil {
        forbid("\(path).projected.sources[\(inner)]", "API objects")
      }
    }
    return errors
  }
}

extension Pod {
  /// Init containers, then containers, each with its JSON path.
  public var containersWithPaths: [(path: String, container: Container)] {
    (spec.initContainers ?? []).enumerated().map { ("spec.initContainers[\($0)]", $1) }
      + spec.containers.enumerated().map { ("spec.containers[\($0)]", $1) }
  }
}

extension Pod {
  private static let appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/"

  /// The annotations from before Kubernetes 1.30 count where the fields are not set.
  mutating func applyAppArmorAnnotations() {
    let annotations = metadata.annotations ?? [:]
    func apply(_ container: Container) -> Container {
      guard let text = annotations[Pod.appArmorAnnotation + container.name], container.securityContext?.appArmorProfile == nil
      else {
        return container
      }
      var result = container
      let profile: AppArmorProfile =
        switch text {
        case "unconfined": AppArmorProfile(type: "Unconfined")
        case _ where text.hasPrefix("localhost/"):
          AppArmorProfile(type: "Localhost", localhostProfile: String(text.dropFirst("localhost/".count)))
        default: AppArmorProfile(type: "RuntimeDefault")
        }
      var context = container.securityContext ?? SecurityContext()
      context.appArmorProfile = profile
      result.securityContext = context
      return result
    }
    spec.containers = spec.containers.map(apply)
    spec.initContainers = spec.initContainers?.map(apply)
  }
}
