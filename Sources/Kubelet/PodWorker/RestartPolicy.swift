internal import KubeModel
internal import RuntimeAPI

/// When containers that ended start again.
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
