/// Where the runtime keeps its things and what it is called; two runtimes with different values touch nothing of each other.
public struct PodRuntimeSettings: Sendable {
  /// Survives reboots: container file systems (the kubelet's --root-dir).
  public var rootDirectory: String
  /// Gone after a reboot: sockets and state of podshims (--state-dir).
  public var stateDirectory: String
  /// The podshim program; copied into a sealed memfd at start.
  public var podshimPath: String
  /// What stands before the cgroups of sandboxes whose request names no parent, below the cgroup v2 mount (the kubelet's cgroupRoot).
  public var cgroupRoot: String
  /// resolv.conf for pods without DNS settings.
  public var resolvConf: String
  /// Where files of the Container Device Interface are; a later directory wins.
  public var cdiDirectories = ["/etc/cdi", "/var/run/cdi"]
  /// How long a podshim of an earlier agent that runs may take to answer, on a node where everything starts at once; it is a millisecond
  /// otherwise. A kubelet ends pods that are shown as not ready.
  var podshimPatience = Duration.seconds(10)
  /// How long the volumes of a container may take to open, as those of a network file system whose server is slow.
  var volumePatience = Duration.seconds(30)

  public init(
    rootDirectory: String, stateDirectory: String, podshimPath: String, cgroupRoot: String = "/",
    resolvConf: String = "/etc/resolv.conf"
  ) {
    self.rootDirectory = rootDirectory
    self.stateDirectory = stateDirectory
    self.podshimPath = podshimPath
    self.cgroupRoot = cgroupRoot
    self.resolvConf = resolvConf
  }

  /// Where every container's root is mounted: in the container's own mount namespace only, so one directory serves all.
  var rootMountPoint: String { "\(stateDirectory)/rootfs" }

  func sandboxDirectory(_ id: String) -> String { "\(stateDirectory)/sandboxes/\(id)" }
}
