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
  /// In answers: the id of the image.
  public var imageRef: String

  public init(
    image: String, annotations: [String: String] = [:], userSpecifiedImage: String = "", runtimeHandler: String = "",
    imageRef: String = ""
  ) {
    self.image = image
    self.annotations = annotations
    self.userSpecifiedImage = userSpecifiedImage
    self.runtimeHandler = runtimeHandler
    self.imageRef = imageRef
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
  /// Names of the Container Device Interface: `vendor.com/class=device`.
  public var cdiDevices: [String]
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
    environment: [EnvironmentVariable] = [], mounts: [Mount] = [], devices: [Device] = [], cdiDevices: [String] = [],
    labels: [String: String] = [:],
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
    self.cdiDevices = cdiDevices
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
