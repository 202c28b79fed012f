/// Names a sandbox; with `attempt` it is the key under which RunPodSandbox is idempotent. Source: CRI PodSandboxMetadata.
public struct SandboxMetadata: Codable, Hashable, Sendable {
  public var name: String
  public var uid: String
  public var namespace: String
  public var attempt: UInt32

  public init(name: String, uid: String, namespace: String, attempt: UInt32 = 0) {
    self.name = name
    self.uid = uid
    self.namespace = namespace
    self.attempt = attempt
  }
}

/// Whose namespace: the pod's, the container's own, the node's, or another container's. Source: CRI NamespaceMode.
public enum NamespaceMode: Int32, Codable, Sendable, CaseIterable {
  case pod = 0
  case container = 1
  case node = 2
  case target = 3
}

/// A range of ids. Source: CRI IDMapping.
public struct IDMappingValue: Codable, Equatable, Sendable {
  public var hostID: UInt32
  public var containerID: UInt32
  public var length: UInt32

  public init(hostID: UInt32, containerID: UInt32, length: UInt32) {
    self.hostID = hostID
    self.containerID = containerID
    self.length = length
  }
}

/// Source: CRI UserNamespace.
public struct UserNamespaceOption: Codable, Equatable, Sendable {
  public var mode: NamespaceMode
  public var uids: [IDMappingValue]
  public var gids: [IDMappingValue]

  public init(mode: NamespaceMode = .node, uids: [IDMappingValue] = [], gids: [IDMappingValue] = []) {
    self.mode = mode
    self.uids = uids
    self.gids = gids
  }
}

/// Source: CRI NamespaceOption.
public struct NamespaceOption: Codable, Equatable, Sendable {
  public var network: NamespaceMode
  public var pid: NamespaceMode
  public var ipc: NamespaceMode
  public var targetID: String
  public var user: UserNamespaceOption?

  public init(
    network: NamespaceMode = .pod, pid: NamespaceMode = .pod, ipc: NamespaceMode = .pod, targetID: String = "",
    user: UserNamespaceOption? = nil
  ) {
    self.network = network
    self.pid = pid
    self.ipc = ipc
    self.targetID = targetID
    self.user = user
  }
}

/// Content of resolv.conf. Absent: the host's file; present and empty: an empty file. Source: CRI DNSConfig.
public struct DNSConfig: Codable, Equatable, Sendable {
  public var servers: [String]
  public var searches: [String]
  public var options: [String]

  public init(servers: [String] = [], searches: [String] = [], options: [String] = []) {
    self.servers = servers
    self.searches = searches
    self.options = options
  }
}

/// Source: CRI Protocol.
public enum TransportProtocol: Int32, Codable, Sendable, CaseIterable {
  case tcp = 0
  case udp = 1
  case sctp = 2
}

/// Source: CRI PortMapping.
public struct PortMapping: Codable, Equatable, Sendable {
  public var transport: TransportProtocol
  public var containerPort: Int32
  /// 0: no host port.
  public var hostPort: Int32
  /// Empty: every address of the host, 127.0.0.1 included.
  public var hostIP: String

  public init(transport: TransportProtocol = .tcp, containerPort: Int32, hostPort: Int32 = 0, hostIP: String = "") {
    self.transport = transport
    self.containerPort = containerPort
    self.hostPort = hostPort
    self.hostIP = hostIP
  }
}

/// Source: CRI SecurityProfile.ProfileType; the zero value is RuntimeDefault.
public enum SecurityProfileType: Int32, Codable, Sendable, CaseIterable {
  case runtimeDefault = 0
  case unconfined = 1
  case localhost = 2
}

/// A seccomp or AppArmor choice. Source: CRI SecurityProfile.
public struct SecurityProfile: Codable, Equatable, Sendable {
  public var type: SecurityProfileType
  public var localhostRef: String

  public init(type: SecurityProfileType = .runtimeDefault, localhostRef: String = "") {
    self.type = type
    self.localhostRef = localhostRef
  }
}

/// Source: CRI SupplementalGroupsPolicy.
public enum SupplementalGroupsPolicy: Int32, Codable, Sendable, CaseIterable {
  case merge = 0
  case strict = 1
}

/// Source: CRI LinuxSandboxSecurityContext.
public struct SandboxSecurityContext: Codable, Equatable, Sendable {
  public var namespaces: NamespaceOption
  public var runAsUser: Int64?
  public var runAsGroup: Int64?
  public var readOnlyRootFilesystem: Bool
  public var supplementalGroups: [Int64]
  public var supplementalGroupsPolicy: SupplementalGroupsPolicy
  public var privileged: Bool
  public var seccomp: SecurityProfile?
  public var appArmor: SecurityProfile?

  public init(
    namespaces: NamespaceOption = NamespaceOption(), runAsUser: Int64? = nil, runAsGroup: Int64? = nil,
    readOnlyRootFilesystem: Bool = false, supplementalGroups: [Int64] = [],
    supplementalGroupsPolicy: SupplementalGroupsPolicy = .merge, privileged: Bool = false, seccomp: SecurityProfile? = nil,
    appArmor: SecurityProfile? = nil
  ) {
    self.namespaces = namespaces
    self.runAsUser = runAsUser
    self.runAsGroup = runAsGroup
    self.readOnlyRootFilesystem = readOnlyRootFilesystem
    self.supplementalGroups = supplementalGroups
    self.supplementalGroupsPolicy = supplementalGroupsPolicy
    self.privileged = privileged
    self.seccomp = seccomp
    self.appArmor = appArmor
  }
}

/// Everything RunPodSandbox needs. Source: CRI PodSandboxConfig.
public struct SandboxConfig: Equatable, Sendable {
  public var metadata: SandboxMetadata
  public var hostname: String
  public var logDirectory: String
  public var dns: DNSConfig?
  public var portMappings: [PortMapping]
  public var labels: [String: String]
  public var annotations: [String: String]
  /// Path below the cgroup v2 root, e.g. `/kubepods/burstable/pod<uid>`; empty: the runtime's own parent.
  public var cgroupParent: String
  public var securityContext: SandboxSecurityContext
  /// Dotted names.
  public var sysctls: [String: String]
  public var overhead: LinuxResources?
  public var resources: LinuxResources?
  /// The message it came as.
  public var wire = WireForm()

  public init(
    metadata: SandboxMetadata, hostname: String = "", logDirectory: String = "", dns: DNSConfig? = nil,
    portMappings: [PortMapping] = [], labels: [String: String] = [:], annotations: [String: String] = [:],
    cgroupParent: String = "", securityContext: SandboxSecurityContext = SandboxSecurityContext(),
    sysctls: [String: String] = [:], overhead: LinuxResources? = nil, resources: LinuxResources? = nil
  ) {
    self.metadata = metadata
    self.hostname = hostname
    self.logDirectory = logDirectory
    self.dns = dns
    self.portMappings = portMappings
    self.labels = labels
    self.annotations = annotations
    self.cgroupParent = cgroupParent
    self.securityContext = securityContext
    self.sysctls = sysctls
    self.overhead = overhead
    self.resources = resources
  }
}

/// Source: CRI PodSandboxState.
public enum SandboxState: Int32, Codable, Sendable, CaseIterable {
  case ready = 0
  case notReady = 1
}

/// One row of ListPodSandbox. Source: CRI PodSandbox.
public struct SandboxSummary: Codable, Equatable, Sendable {
  public var id: SandboxID
  public var metadata: SandboxMetadata
  public var state: SandboxState
  /// CLOCK_REALTIME, nanoseconds.
  public var createdAt: Int64
  public var labels: [String: String]
  public var annotations: [String: String]
  public var runtimeHandler: String

  public init(
    id: SandboxID, metadata: SandboxMetadata, state: SandboxState, createdAt: Int64, labels: [String: String] = [:],
    annotations: [String: String] = [:], runtimeHandler: String = ""
  ) {
    self.id = id
    self.metadata = metadata
    self.state = state
    self.createdAt = createdAt
    self.labels = labels
    self.annotations = annotations
    self.runtimeHandler = runtimeHandler
  }
}

/// Source: CRI PodSandboxStatus.
public struct SandboxStatus: Codable, Equatable, Sendable {
  public var id: SandboxID
  public var metadata: SandboxMetadata
  public var state: SandboxState
  public var createdAt: Int64
  /// Primary address; empty with host network or when not ready.
  public var ip: String
  public var additionalIPs: [String]
  public var namespaces: NamespaceOption
  public var labels: [String: String]
  public var annotations: [String: String]
  public var runtimeHandler: String
  /// Of its containers, when the status of one sandbox was asked for.
  public var containers: [ContainerStatus]
  /// When this was looked at, CLOCK_REALTIME nanoseconds; 0: not told.
  public var timestamp: Int64

  public init(
    id: SandboxID, metadata: SandboxMetadata, state: SandboxState, createdAt: Int64, ip: String = "",
    additionalIPs: [String] = [], namespaces: NamespaceOption = NamespaceOption(), labels: [String: String] = [:],
    annotations: [String: String] = [:], runtimeHandler: String = "", containers: [ContainerStatus] = [], timestamp: Int64 = 0
  ) {
    self.id = id
    self.metadata = metadata
    self.state = state
    self.createdAt = createdAt
    self.ip = ip
    self.additionalIPs = additionalIPs
    self.namespaces = namespaces
    self.labels = labels
    self.annotations = annotations
    self.runtimeHandler = runtimeHandler
    self.containers = containers
    self.timestamp = timestamp
  }
}

/// AND of its parts. Source: CRI PodSandboxFilter.
public struct SandboxFilter: Codable, Equatable, Sendable {
  /// Full id or a prefix.
  public var id: String
  public var state: SandboxState?
  public var labels: [String: String]

  public init(id: String = "", state: SandboxState? = nil, labels: [String: String] = [:]) {
    self.id = id
    self.state = state
    self.labels = labels
  }
}
