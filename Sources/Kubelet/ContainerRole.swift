/// What a container of a pod is for: decides order, restart and whether it counts for the phase.
enum ContainerRole: String, Sendable, Codable {
  /// Runs to completion before the next one starts.
  case initialization
  /// An init container with restartPolicy Always: started in order, runs as long as the pod.
  case sidecar
  case app
}
