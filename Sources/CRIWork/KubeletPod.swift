package import LinuxSystem
package import RuntimeAPI

/// A pod as a kubelet asks for it: DNS, a log file, masked and read-only paths, the default seccomp profile, five mounts, labels, and
/// the requests of an ordinary burstable container. The floor program makes the same.
package struct KubeletPod: Sendable {
  /// Source: kubelet, `defaultMaskedPaths` and `defaultReadonlyPaths` of pkg/securitycontext.
  static let maskedPaths = [
    "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
  ]
  static let readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

  package let name: String
  let run: String
  let work: Workload
  /// Where the pod's volumes and files lie on the host.
  var directory: String { "\(work.directory)/pods/\(name)" }
  var logDirectory: String { "\(work.directory)/logs/\(name)" }

  package init(name: String, run: String, work: Workload) { (self.name, self.run, self.work) = (name, run, work) }

  /// What a kubelet has made before it calls the runtime: not measured.
  package func prepare() throws(SystemCallError) {
    for path in volumes + [logDirectory] { try makeDirectory(path, mode: 0o755) }
    for path in files { try writeFile(path, "") }
  }

  /// Takes away what `prepare` and the log made.
  package func cleanUp() throws(SystemCallError) {
    try removeTree(directory)
    try removeTree(logDirectory)
  }

  private var volumes: [String] { ["data", "cache", "token"].map { "\(directory)/\($0)" } }
  private var files: [String] { ["etc-hosts", "termination-log"].map { "\(directory)/\($0)" } }

  package var sandbox: SandboxConfig {
    SandboxConfig(
      metadata: SandboxMetadata(name: name, uid: "\(name)-uid", namespace: "bench"), hostname: work.hostNetwork ? "" : name,
      logDirectory: logDirectory,
      dns: DNSConfig(
        servers: ["10.96.0.10"], searches: ["bench.svc.cluster.local", "svc.cluster.local", "cluster.local"],
        options: ["ndots:5"]),
      labels: labels, cgroupParent: work.cgroupParent,
      securityContext: SandboxSecurityContext(namespaces: namespaces, seccomp: SecurityProfile(type: .runtimeDefault)))
  }

  package var container: ContainerConfig {
    ContainerConfig(
      metadata: ContainerMetadata(name: "main"), image: ImageSpec(image: work.image), command: work.command,
      environment: [
        EnvironmentVariable(name: "KUBERNETES_SERVICE_HOST", value: "10.96.0.1"),
        EnvironmentVariable(name: "KUBERNETES_SERVICE_PORT", value: "443"),
      ],
      mounts: [
        Mount(containerPath: "/data", hostPath: "\(directory)/data"),
        Mount(containerPath: "/cache", hostPath: "\(directory)/cache"),
        Mount(
          containerPath: "/var/run/secrets/kubernetes.io/serviceaccount", hostPath: "\(directory)/token", readOnly: true),
        Mount(containerPath: "/etc/hosts", hostPath: "\(directory)/etc-hosts"),
        Mount(containerPath: "/dev/termination-log", hostPath: "\(directory)/termination-log"),
      ],
      labels: labels, logPath: "main.log",
      resources: LinuxResources(cpuShares: 102, oomScoreAdjust: 1000),
      securityContext: ContainerSecurityContext(
        namespaces: namespaces, maskedPaths: Self.maskedPaths, readOnlyPaths: Self.readOnlyPaths,
        seccomp: SecurityProfile(type: .runtimeDefault)))
  }

  private var namespaces: NamespaceOption { NamespaceOption(network: work.hostNetwork ? .node : .pod, pid: .container) }
  private var labels: [String: String] {
    [
      "bench": run, "io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": "bench",
      "io.kubernetes.pod.uid": "\(name)-uid",
    ]
  }
}
