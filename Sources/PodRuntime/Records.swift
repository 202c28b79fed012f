import RuntimeAPI

/// What the runtime keeps of a sandbox, on disk.
struct SandboxRecord: Codable, Sendable {
  enum Phase: String, Codable, Sendable {
    /// Written before anything is made; found at start, it means the agent died in the middle: undone.
    case creating
    case ready
    case notReady
  }
  var id: SandboxID
  var config: SandboxConfig
  var handler: String
  var createdAt: Int64
  var phase: Phase
  /// Addresses, primary first; empty with host network.
  var addresses: [String] = []
  /// The sandbox's own leaf cgroup (podshim and pause), below the cgroup root.
  var cgroup: String
  /// The cgroup that holds the leaf and the containers'; ours to remove only when the request named none.
  var cgroupParent: String
  var ownsCgroupParent: Bool
  /// podshim's pid, for messages; 0 when it does not run.
  var shimPID: Int32 = 0

  var usesHostNetwork: Bool { config.securityContext.namespaces.network == .node }
  /// The key that makes RunPodSandbox idempotent.
  static func key(_ metadata: SandboxMetadata) -> String {
    "\(metadata.namespace)/\(metadata.name)/\(metadata.uid)/\(metadata.attempt)"
  }
}

/// What the runtime keeps of a container, on disk.
struct ContainerRecord: Codable, Sendable {
  enum Phase: String, Codable, Sendable {
    case creating
    case created
    /// Written before the start request is sent: after a crash the process's own state decides.
    case starting
    case running
    case exited
    case unknown
  }
  var id: ContainerID
  var sandboxID: SandboxID
  var config: ContainerConfig
  var createdAt: Int64
  var phase: Phase
  var startedAt: Int64 = 0
  var finishedAt: Int64 = 0
  var exitCode: Int32 = 0
  var reason = ""
  var message = ""
  var imageID: String
  var imageRef: String
  /// Tag (or what was asked for) shown as ContainerStatus.image.
  var imageName: String
  var cgroup: String
  /// Absolute; empty: no log.
  var logPath: String
  var user: ContainerUser
  /// Linux signal number that asks it to stop.
  var stopSignalNumber: Int32
  var stopSignal: Int32
  var resources: LinuxResources?
  var pid: Int32 = 0

  var state: ContainerState {
    switch phase {
    case .creating, .created: .created
    case .starting, .running: .running
    case .exited: .exited
    case .unknown: .unknown
    }
  }
  static func key(sandbox: SandboxID, _ metadata: ContainerMetadata) -> String {
    "\(sandbox)/\(metadata.name)/\(metadata.attempt)"
  }
}
