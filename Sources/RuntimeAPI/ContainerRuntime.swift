/// A container runtime as the Container Runtime Interface describes it: the built-in one (`PodRuntime`) or another one behind a CRI
/// socket (`CRIClient`). The CRI server serves any of them; the kubelet drives any of them.
///
/// Identifiers given as text may be prefixes where CRI allows it. Stop and remove calls succeed when the object is already gone.
/// Source: CRI v1 `RuntimeService` and `ImageService` (Kubernetes 1.36).
public protocol ContainerRuntime: Sendable {
  func version() async throws(RuntimeError) -> RuntimeVersion
  func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus
  func cgroupDriver() async throws(RuntimeError) -> CgroupDriver
  func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError)

  /// Idempotent by metadata: a retry joins the call under way or gets its result.
  func runPodSandbox(_ config: SandboxConfig, handler: String) async throws(RuntimeError) -> SandboxID
  func stopPodSandbox(_ id: SandboxID) async throws(RuntimeError)
  func removePodSandbox(_ id: SandboxID) async throws(RuntimeError)
  /// Throws `.notFound` when there is no such sandbox. `info` is empty unless `verbose`.
  func podSandboxStatus(_ id: SandboxID, verbose: Bool) async throws(RuntimeError) -> (
    status: SandboxStatus, info: [String: String]
  )
  /// What is nil stays as it is. Throws `.notFound` when there is no such sandbox.
  func updatePodSandboxResources(
    _ id: SandboxID, overhead: LinuxResources?, resources: LinuxResources?
  ) async throws(RuntimeError)
  func listPodSandboxes(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxSummary]

  func createContainer(
    _ config: ContainerConfig, in sandbox: SandboxID, sandboxConfig: SandboxConfig
  ) async throws(RuntimeError) -> ContainerID
  func startContainer(_ id: ContainerID) async throws(RuntimeError)
  /// Sends the stop signal, waits `timeout` seconds, kills; returns when it has stopped. `timeout` <= 0 kills at once.
  func stopContainer(_ id: ContainerID, timeout: Int64) async throws(RuntimeError)
  func removeContainer(_ id: ContainerID) async throws(RuntimeError)
  func containerStatus(_ id: ContainerID, verbose: Bool) async throws(RuntimeError) -> (
    status: ContainerStatus, info: [String: String]
  )
  func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerSummary]
  func updateContainerResources(_ id: ContainerID, _ resources: LinuxResources) async throws(RuntimeError)
  /// Writes an archive of a running container's state, which goes on running. `timeout` in seconds, 0: the runtime's default.
  func checkpointContainer(_ id: ContainerID, location: String, timeout: Int64) async throws(RuntimeError)
  func reopenContainerLog(_ id: ContainerID) async throws(RuntimeError)

  /// Output is capped at 16 MiB for each stream. `timeout` in seconds, 0: none; when it passes the process is killed and
  /// `.deadlineExceeded` thrown.
  func execSync(_ id: ContainerID, command: [String], timeout: Int64) async throws(RuntimeError) -> ExecResult

  func containerStats(_ id: ContainerID) async throws(RuntimeError) -> ContainerStats
  func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats]
  func podSandboxStats(_ id: SandboxID) async throws(RuntimeError) -> SandboxStats
  func listPodSandboxStats(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxStats]

  /// What the values of `listPodSandboxMetrics` are called and mean.
  func listMetricDescriptors() async throws(RuntimeError) -> [MetricDescriptor]
  /// Of ready sandboxes, with those of their running containers.
  func listPodSandboxMetrics() async throws(RuntimeError) -> [SandboxMetrics]

  /// Events of every container and sandbox from now on, in order, until the consumer stops. The stream ends for a consumer that is too
  /// slow: events were lost then, and it has to look at everything anew.
  func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent>

  func listImages(_ reference: String) async throws(RuntimeError) -> [ImageInfo]
  /// nil when the image is not there (not an error).
  func imageStatus(_ reference: String, verbose: Bool) async throws(RuntimeError) -> (image: ImageInfo, info: [String: String])?
  func pullImage(_ image: ImageSpec, auth: RegistryAuth?, sandbox: SandboxConfig?) async throws(RuntimeError) -> ImageID
  func removeImage(_ reference: String) async throws(RuntimeError)
  func imageFilesystemInfo() async throws(RuntimeError) -> ImageFilesystemInfo
}

/// A change of a container or of the sandbox itself (then `containerID` equals the sandbox's id). Source: CRI ContainerEventResponse.
public struct RuntimeEvent: Equatable, Sendable {
  public enum Kind: Int32, Sendable {
    case created = 0
    case started = 1
    case stopped = 2
    case deleted = 3
  }
  public var kind: Kind
  public var containerID: String
  public var sandboxID: SandboxID
  /// CLOCK_REALTIME nanoseconds.
  public var createdAt: Int64
  public var sandbox: SandboxStatus?
  public var containers: [ContainerStatus]
  /// Grows with every event of the built-in runtime; 0: not numbered.
  public var sequence: UInt64

  public init(
    kind: Kind, containerID: String, sandboxID: SandboxID, createdAt: Int64, sandbox: SandboxStatus? = nil,
    containers: [ContainerStatus] = [], sequence: UInt64 = 0
  ) {
    self.kind = kind
    self.containerID = containerID
    self.sandboxID = sandboxID
    self.createdAt = createdAt
    self.sandbox = sandbox
    self.containers = containers
    self.sequence = sequence
  }
}
