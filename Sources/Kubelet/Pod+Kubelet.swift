internal import KubeModel
internal import RuntimeAPI

/// What a container of a pod is for: decides order, restart and whether it counts for the phase.
enum ContainerRole: String, Sendable, Codable {
  /// Runs to completion before the next one starts.
  case initialization
  /// An init container with restartPolicy Always: started in order, runs as long as the pod.
  case sidecar
  case app
}

extension Pod {
  var podUID: PodUID { PodUID(metadata.uid ?? "") }
  var namespaceName: String { metadata.namespace ?? "default" }
  var podName: String { metadata.name ?? "" }
  /// `namespace/name`: one pod at a time has it.
  var fullName: String { "\(namespaceName)/\(podName)" }
  /// `name_namespace(uid)`, as the kubelet writes it in messages.
  var formatted: String { "\(podName)_\(namespaceName)(\(metadata.uid ?? ""))" }
  var isHostNetwork: Bool { spec.hostNetwork ?? false }
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
  /// Meaningful for init containers only.
  var isSidecar: Bool { restartPolicy == "Always" }
  var messagePath: String { terminationMessagePath ?? "/dev/termination-log" }
  var messageFallsBackToLogs: Bool { terminationMessagePolicy == "FallbackToLogsOnError" }
}

enum RestartPolicy: String, Sendable {
  case always = "Always"
  case onFailure = "OnFailure"
  case never = "Never"

  /// Whether a container that ended is started again. Rules of the container come first, then its own policy, then the pod's.
  /// Source: kubelet ShouldContainerBeRestarted, KEP-5307.
  static func restarts(_ container: Container, role: ContainerRole, in pod: Pod, after run: ContainerInstance) -> Bool {
    if role == .sidecar || rule(of: container, after: run) != nil { return true }
    let exitCode = run.status.exitCode
    let policy = container.restartPolicy.flatMap(RestartPolicy.init(rawValue:)) ?? pod.restartPolicy
    return switch policy {
    // An init container that succeeded is done whatever the policy says.
    case .always: role == .app || exitCode != 0
    case .onFailure: exitCode != 0
    case .never: false
    }
  }

  /// What the first rule of the container that matches asks for. A container that its probe had killed has no say in it.
  static func rule(of container: Container, after run: ContainerInstance) -> RestartRule? {
    if run.isKilledForProbe { return nil }
    for rule in container.restartPolicyRules ?? [] {
      guard let codes = rule.exitCodes, let action = RestartRule(rawValue: rule.action) else { continue }
      let listed = (codes.values ?? []).contains(run.status.exitCode)
      if codes.operator == "In" ? listed : !listed { return action }
    }
    return nil
  }
}

/// What a rule of `restartPolicyRules` does. Source: KEP-5307, KEP-5532.
enum RestartRule: String, Sendable {
  case restart = "Restart"
  /// All containers of the pod, init containers first, in the sandbox they had.
  case restartAllContainers = "RestartAllContainers"
}
