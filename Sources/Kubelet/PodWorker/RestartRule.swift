/// What a rule of `restartPolicyRules` does. Source: KEP-5307, KEP-5532.
enum RestartRule: String, Sendable {
  case restart = "Restart"
  /// All containers of the pod, init containers first, in the sandbox they had.
  case restartAllContainers = "RestartAllContainers"
}
