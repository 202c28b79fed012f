/// Source: CRI ContainerState.
public enum ContainerState: Int32, Codable, Sendable, CaseIterable {
  case created = 0
  case running = 1
  case exited = 2
  case unknown = 3
}

/// One row of ListContainers. Source: CRI Container.
public struct ContainerSummary: Codable, Equatable, Sendable {
  public var id: ContainerID
  public var sandboxID: SandboxID
  public var metadata: ContainerMetadata
  public var image: ImageSpec
  public var imageRef: String
  public var imageID: String
  public var state: ContainerState
  public var createdAt: Int64
  public var labels: [String: String]
  public var annotations: [String: String]

  public init(
    id: ContainerID, sandboxID: SandboxID, metadata: ContainerMetadata, image: ImageSpec, imageRef: String, imageID: String,
    state: ContainerState, createdAt: Int64, labels: [String: String] = [:], annotations: [String: String] = [:]
  ) {
    self.id = id
    self.sandboxID = sandboxID
    self.metadata = metadata
    self.image = image
    self.imageRef = imageRef
    self.imageID = imageID
    self.state = state
    self.createdAt = createdAt
    self.labels = labels
    self.annotations = annotations
  }
}

/// The effective ids of the first process. Source: CRI LinuxContainerUser.
public struct ContainerUser: Codable, Equatable, Sendable {
  public var uid: Int64
  public var gid: Int64
  public var supplementalGroups: [Int64]

  public init(uid: Int64, gid: Int64, supplementalGroups: [Int64] = []) {
    self.uid = uid
    self.gid = gid
    self.supplementalGroups = supplementalGroups
  }
}

/// Times are CLOCK_REALTIME nanoseconds, 0 when it has not happened. Source: CRI ContainerStatus.
public struct ContainerStatus: Codable, Equatable, Sendable {
  public var id: ContainerID
  public var sandboxID: SandboxID
  public var metadata: ContainerMetadata
  public var state: ContainerState
  public var createdAt: Int64
  public var startedAt: Int64
  public var finishedAt: Int64
  public var exitCode: Int32
  public var image: ImageSpec
  public var imageRef: String
  public var imageID: String
  /// `Completed`, `Error`, `OOMKilled`, `StartError`, `Unknown`.
  public var reason: String
  public var message: String
  public var labels: [String: String]
  public var annotations: [String: String]
  public var mounts: [Mount]
  /// Absolute.
  public var logPath: String
  public var resources: LinuxResources?
  public var user: ContainerUser?
  /// CRI `Signal` enum value in force.
  public var stopSignal: Int32
  /// Process id on the host while it runs; 0 otherwise.
  public var pid: Int32

  public init(
    id: ContainerID, sandboxID: SandboxID, metadata: ContainerMetadata, state: ContainerState, createdAt: Int64,
    startedAt: Int64 = 0, finishedAt: Int64 = 0, exitCode: Int32 = 0, image: ImageSpec, imageRef: String = "",
    imageID: String = "", reason: String = "", message: String = "", labels: [String: String] = [:],
    annotations: [String: String] = [:], mounts: [Mount] = [], logPath: String = "", resources: LinuxResources? = nil,
    user: ContainerUser? = nil, stopSignal: Int32 = 0, pid: Int32 = 0
  ) {
    self.id = id
    self.sandboxID = sandboxID
    self.metadata = metadata
    self.state = state
    self.createdAt = createdAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.exitCode = exitCode
    self.image = image
    self.imageRef = imageRef
    self.imageID = imageID
    self.reason = reason
    self.message = message
    self.labels = labels
    self.annotations = annotations
    self.mounts = mounts
    self.logPath = logPath
    self.resources = resources
    self.user = user
    self.stopSignal = stopSignal
    self.pid = pid
  }
}

/// AND of its parts. Source: CRI ContainerFilter.
public struct ContainerFilter: Codable, Equatable, Sendable {
  /// Full id or a prefix.
  public var id: String
  public var state: ContainerState?
  public var sandboxID: String
  public var labels: [String: String]

  public init(id: String = "", state: ContainerState? = nil, sandboxID: String = "", labels: [String: String] = [:]) {
    self.id = id
    self.state = state
    self.sandboxID = sandboxID
    self.labels = labels
  }
}
