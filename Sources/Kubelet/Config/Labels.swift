internal import FoundationEssentials
internal import KubeModel

/// Labels and annotations by which a restarted kubelet, and tools, recognise what belongs to which pod.
/// Source: kubelet kuberuntime/labels.go.
enum Labels {
  static let podName = "io.kubernetes.pod.name"
  static let podNamespace = "io.kubernetes.pod.namespace"
  static let podUID = "io.kubernetes.pod.uid"
  static let containerName = "io.kubernetes.container.name"
  static let hash = "io.kubernetes.container.hash"
  static let restartCount = "io.kubernetes.container.restartCount"
  static let messagePath = "io.kubernetes.container.terminationMessagePath"
  static let messagePolicy = "io.kubernetes.container.terminationMessagePolicy"
  static let preStop = "io.kubernetes.container.preStopHandler"
  static let ports = "io.kubernetes.container.ports"
  static let deletionGrace = "io.kubernetes.pod.deletionGracePeriod"
  static let terminationGrace = "io.kubernetes.pod.terminationGracePeriod"

  static func pod(_ pod: Pod) -> [String: String] {
    [podName: pod.podName, podNamespace: pod.namespaceName, podUID: pod.metadata.uid ?? ""]
  }

  static func container(_ container: Container, in pod: Pod) -> [String: String] {
    self.pod(pod).merging([containerName: container.name]) { $1 }
  }

  static func annotations(_ container: Container, in pod: Pod, attempt: UInt32) -> [String: String] {
    var annotations = [
      hash: String(self.hash(of: container), radix: 16), restartCount: "\(attempt)", messagePath: container.messagePath,
      messagePolicy: container.terminationMessagePolicy ?? "File",
      terminationGrace: "\(pod.spec.terminationGracePeriodSeconds ?? 30)",
    ]
    if let grace = pod.metadata.deletionGracePeriodSeconds { annotations[deletionGrace] = "\(grace)" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let handler = container.lifecycle?.preStop, let data = try? encoder.encode(handler) {
      annotations[preStop] = String(decoding: data, as: UTF8.self)
    }
    if let list = container.ports, !list.isEmpty, let data = try? encoder.encode(list) {
      annotations[ports] = String(decoding: data, as: UTF8.self)
    }
    return annotations
  }

  /// FNV-1a, 32 bits, of `{"image":...,"name":...}`: what makes a container another one.
  static func hash(of container: Container) -> UInt32 {
    "{\"image\":\"\(container.image ?? "")\",\"name\":\"\(container.name)\"}".utf8.reduce(2_166_136_261) {
      ($0 ^ UInt32($1)) &* 16_777_619
    }
  }
}
