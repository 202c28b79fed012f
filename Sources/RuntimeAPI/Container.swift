/// Source: CRI ContainerMetadata.
public struct ContainerMetadata: Codable, Hashable, Sendable {
  public var name: String
  public var attempt: UInt32

  public init(name: String, attempt: UInt32 = 0) {
    self.name = name
    self.attempt = attempt
  }
}

/// Source: CRI ImageSpec.
public struct ImageSpec: Codable, Equatable, Sendable {
  /// Id or reference.
  public var image: String
  public var annotations: [String: String]
  public var userSpecifiedImage: String
  public var runtimeHandler: String

  public init(image: String, annotations: [String: String] = [:], userSpecifiedImage: String = "", runtimeHandler: String = "") {
    self.image = image
    self.annotations = annotations
    self.userSpecifiedImage = userSpecifiedImage
    self.runtimeHandler = runtimeHandler
  }
}

/// Source: CRI MountPropagation.
public enum MountPropagation: Int32, Codable, Sendable, CaseIterable {
  case `private` = 0
  case hostToContainer = 1
  case bidirectional = 2
}

/// Source: CRI Mount.
public struct Mount: Codable, Equatable, Sendable {
  public var containerPath: String
  public var hostPath: String
  public var readOnly: Bool
  public var recursiveReadOnly: Bool
  public var propagation: MountPropagation
  public var uidMappings: [IDMappingValue]
  public var gidMappings: [IDMappingValue]
  /// Image volume; `hostPath` is empty then.
  public var image: ImageSpec?
  public var imageSubPath: String
  public var selinuxRelabel: Bool

  public init(
    containerPath: String, hostPath: String = "", readOnly: Bool = false, recursiveReadOnly: Bool = false,
    propagation: MountPropagation = .private, uidMappings: [IDMappingValue] = [], gidMappings: [IDMappingValue] = [],
    image: ImageSpec? = nil, imageSubPath: String = "", selinuxRelabel: Bool = false
  ) {
    self.containerPath = containerPath
    self.hostPath = hostPath
    self.readOnly = readOnly
    self.recursiveReadOnly = recursiveReadOnly
    self.propagation = propagation
    self.uidMappings = uidMappings
    self.gidMappings = gidMappings
    self.image = image
    self.imageSubPath = imageSubPath
    self.selinuxRelabel = selinuxRelabel
  }
}

/// Source: CRI Device.
public struct Device: Codable, Equatable, Sendable {
  public var containerPath: String
  public var hostPath: String
  public var permissions: String

  public init(containerPath: String, hostPath: String, permissions: String = "rwm") {
    self.containerPath = containerPath
    self.hostPath = hostPath
    self.permissions = permissions
  }
}

/// Source: CRI KeyValue.
public struct EnvironmentVariable: Codable, Equatable, Sendable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// Source: CRI HugepageLimit.
public struct HugepageLimit: Codable, Equatable, Sendable {
  /// e.g. `2MB`.
  public var pageSize: String
  /// Bytes.
  public var limit: UInt64

  public init(pageSize: String, limit: UInt64) {
    self.pageSize = pageSize
    self.limit = limit
  }
}

/// 0 or empty: not set. Source: CRI LinuxContainerResources.
public struct LinuxResources: Codable, Equatable, Sendable {
  /// Microseconds.
  public var cpuPeriod: Int64
  /// Microseconds per period.
  public var cpuQuota: Int64
  /// 2...262144.
  public var cpuShares: Int64
  /// Bytes.
  public var memoryLimit: Int64
  /// Bytes, memory plus swap.
  public var memorySwapLimit: Int64
  public var oomScoreAdjust: Int64
  public var cpusetCPUs: String
  public var cpusetMemoryNodes: String
  public var hugepageLimits: [HugepageLimit]
  /// cgroup v2 file name to value, written verbatim.
  public var unified: [String: String]

  public init(
    cpuPeriod: Int64 = 0, cpuQuota: Int64 = 0, cpuShares: Int64 = 0, memoryLimit: Int64 = 0, memorySwapLimit: Int64 = 0,
    oomScoreAdjust: Int64 = 0, cpusetCPUs: String = "", cpusetMemoryNodes: String = "", hugepageLimits: [HugepageLimit] = [],
    unified: [String: String] = [:]
  ) {
    self.cpuPeriod = cpuPeriod
    self.cpuQuota = cpuQuota
    self.cpuShares = cpuShares
    self.memoryLimit = memoryLimit
    self.memorySwapLimit = memorySwapLimit
    self.oomScoreAdjust = oomScoreAdjust
    self.cpusetCPUs = cpusetCPUs
    self.cpusetMemoryNodes = cpusetMemoryNodes
    self.hugepageLimits = hugepageLimits
    self.unified = unified
  }
}

/// Names without CAP_, or ALL. Source: CRI Capability.
public struct Capabilities: Codable, Equatable, Sendable {
  public var add: [String]
  public var drop: [String]
  public var addAmbient: [String]

  public init(add: [String] = [], drop: [String] = [], addAmbient: [String] = []) {
    self.add = add
    self.drop = drop
    self.addAmbient = addAmbient
  }
}

/// Source: CRI LinuxContainerSecurityContext.
public struct ContainerSecurityContext: Codable, Equatable, Sendable {
  public var capabilities: Capabilities
  public var privileged: Bool
  public var namespaces: NamespaceOption
  public var runAsUser: Int64?
  public var runAsGroup: Int64?
  public var runAsUsername: String
  public var readOnlyRootFilesystem: Bool
  public var supplementalGroups: [Int64]
  public var supplementalGroupsPolicy: SupplementalGroupsPolicy
  public var noNewPrivileges: Bool
  public var maskedPaths: [String]
  public var readOnlyPaths: [String]
  /// nil: unconfined.
  public var seccomp: SecurityProfile?
  public var appArmor: SecurityProfile?

  public init(
    capabilities: Capabilities = Capabilities(), privileged: Bool = false, namespaces: NamespaceOption = NamespaceOption(),
    runAsUser: Int64? = nil, runAsGroup: Int64? = nil, runAsUsername: String = "", readOnlyRootFilesystem: Bool = false,
    supplementalGroups: [Int64] = [], supplementalGroupsPolicy: SupplementalGroupsPolicy = .merge, noNewPrivileges: Bool = false,
    maskedPaths: [String] = [], readOnlyPaths: [String] = [], seccomp: SecurityProfile? = nil, appArmor: SecurityProfile? = nil
  ) {
    self.capabilities = capabilities
    self.privileged = privileged
    self.namespaces = namespaces
    self.runAsUser = runAsUser
    self.runAsGroup = runAsGroup
    self.runAsUsername = runAsUsername
    self.readOnlyRootFilesystem = readOnlyRootFilesystem
    self.supplementalGroups = supplementalGroups
    self.supplementalGroupsPolicy = supplementalGroupsPolicy
    self.noNewPrivileges = noNewPrivileges
    self.maskedPaths = maskedPaths
    self.readOnlyPaths = readOnlyPaths
    self.seccomp = seccomp
    self.appArmor = appArmor
  }
}

/// Everything CreateContainer needs. Source: CRI ContainerConfig.
public struct ContainerConfig: Equatable, Sendable {
  public var metadata: ContainerMetadata
  public var image: ImageSpec
  public var command: [String]
  public var args: [String]
  public var workingDirectory: String
  public var environment: [EnvironmentVariable]
  public var mounts: [Mount]
  public var devices: [Device]
  public var labels: [String: String]
  public var annotations: [String: String]
  /// Relative to the sandbox's log directory; empty: no log.
  public var logPath: String
  public var stdin: Bool
  public var stdinOnce: Bool
  public var tty: Bool
  public var resources: LinuxResources?
  public var securityContext: ContainerSecurityContext
  /// CRI `Signal` enum value; 0: the image's, else SIGTERM.
  public var stopSignal: Int32
  /// The message it came as.
  public var wire = WireForm()

  public init(
    metadata: ContainerMetadata, image: ImageSpec, command: [String] = [], args: [String] = [], workingDirectory: String = "",
    environment: [EnvironmentVariable] = [], mounts: [Mount] = [], devices: [Device] = [], labels: [String: String] = [:],
    annotations: [String: String] = [:], logPath: String = "", stdin: Bool = false, stdinOnce: Bool = false, tty: Bool = false,
    resources: LinuxResources? = nil, securityContext: ContainerSecurityContext = ContainerSecurityContext(),
    stopSignal: Int32 = 0
  ) {
    self.metadata = metadata
    self.image = image
    self.command = command
    self.args = args
    self.workingDirectory = workingDirectory
    self.environment = environment
    self.mounts = mounts
    self.devices = devices
    self.labels = labels
    self.annotations = annotations
    self.logPath = logPath
    self.stdin = stdin
    self.stdinOnce = stdinOnce
    self.tty = tty
    self.resources = resources
    self.securityContext = securityContext
    self.stopSignal = stopSignal
  }
}

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

/// Source: CRI ExecSyncResponse.
public struct ExecResult: Codable, Equatable, Sendable {
  /// Of both streams together: an answer of 16 MiB, the most that clients of the CRI take, has no room for more.
  public static let maximumBytes = (16 << 20) - 64
  public var stdout: [UInt8]
  public var stderr: [UInt8]
  public var exitCode: Int32

  public init(stdout: [UInt8] = [], stderr: [UInt8] = [], exitCode: Int32 = 0) {
    self.stdout = stdout
    self.stderr = stderr
    self.exitCode = exitCode
  }
}
