internal import KubeModel

extension Pod {
  var podUID: PodUID { PodUID(metadata.uid ?? "") }
  var namespaceName: String { metadata.namespace ?? "default" }
  var podName: String { metadata.name ?? "" }
  /// `namespace/name`: one pod at a time has it.
  var fullName: String { "\(namespaceName)/\(podName)" }
  /// `name_namespace(uid)`, as the kubelet writes it in messages.
  var formatted: String { "\(podName)_\(namespaceName)(\(metadata.uid ?? ""))" }
  var restartPolicy: RestartPolicy { RestartPolicy(rawValue: spec.restartPolicy ?? "") ?? .always }
  /// Seconds, not negative; the API default is 30.
  var gracePeriod: Int64 { max(0, Int64(metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30)) }

  var initContainers: [Container] { spec.initContainers ?? [] }

  /// Every container with its role, in start order.
  var allContainers: [(container: Container, role: ContainerRole)] {
    initContainers.map { ($0, $0.isSidecar ? .sidecar : .initialization) } + spec.containers.map { ($0, .app) }
  }

  func container(named name: String) -> (container: Container, role: ContainerRole)? {
    allContainers.first { $0.container.name == name }
  }

  /// `spec.containers{name}`, the field path of an event.
  func fieldPath(of name: String) -> String {
    spec.containers.contains { $0.name == name } ? "spec.containers{\(name)}" : "spec.initContainers{\(name)}"
  }
}

extension Container {
  var messagePath: String { terminationMessagePath ?? "/dev/termination-log" }
  var messageFallsBackToLogs: Bool { terminationMessagePolicy == "FallbackToLogsOnError" }
}
