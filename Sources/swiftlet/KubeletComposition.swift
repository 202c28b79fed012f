import Cgroups
import Kubelet
import KubeletServer
import KubeModel
import LinuxSystem
import Logging
import NIOCore
import RuntimeAPI
import Store

/// The kubelet half from the agent's settings.
struct KubeletComposition {
  let settings: AgentSettings

  func make(
    runtime: any ContainerRuntime, store: Store, cgroups: CgroupRoot, group: any EventLoopGroup, traces: StartTraces,
    logLosses: AsyncStream<LogLoss>?
  ) async throws -> Kubelet {
    let configuration = settings.kubelet
    let reader = NodeReader.ofThisHost(resolvConf: configuration.resolvConf, logger: Logger(label: "kubelet")) { facts in
      facts.allocatable = NodePlan.ofThisHost(facts, configuration: configuration).allocatable
    }
    let node = nodeFacts(cgroups, reader)
    let plan = NodePlan.ofThisHost(node, configuration: configuration)
    let source = FileSource(
      path: settings.kubelet.staticPodPath, node: node.name,
      checkFrequency: settings.kubelet.fileCheckFrequency.duration, store: store, logger: Logger(label: "manifests"))
    let version = try await runtime.version()
    return Kubelet(
      config: KubeletConfig(
        rootDirectory: settings.rootDirectory, podLogsDirectory: settings.kubelet.podLogsDir, node: node,
        nodeReader: reader, maxPods: settings.kubelet.maxPods,
        maxContainerRestartPeriod: settings.kubelet.crashLoopBackOff.maxContainerRestartPeriod.duration,
        logRotation: Self.logRotation(configuration)),
      runtime: runtime, runtimeName: version.runtimeName, store: store, cgroups: podCgroups(cgroups, node: node, plan: plan),
      sources: [PodSourceStream("file", progress: source.progress) { source.news() }], group: group, traces: traces,
      logLosses: logLosses, logger: Logger(label: "kubelet"))
  }

  /// nil: a negative size, which turns it off.
  private static func logRotation(_ configuration: KubeletConfiguration) -> LogRotationPolicy? {
    guard let size = Quantity(configuration.containerLogMaxSize)?.value, size >= 0 else { return nil }
    return LogRotationPolicy(
      maxSize: Int64(size), maxFiles: configuration.containerLogMaxFiles, workers: configuration.containerLogMaxWorkers,
      interval: configuration.containerLogMonitorInterval.duration)
  }

  /// What the pure parts need to know of this node.
  private func nodeFacts(_ cgroups: CgroupRoot, _ reader: NodeReader) -> NodeFacts {
    let kubelet = settings.kubelet
    var facts = NodeFacts.ofThisHost(
      name: (settings.nodeName ?? hostName()).lowercased(), controllers: Set(cgroups.controllers.map(\.rawValue)),
      reader: reader)
    facts.enforcesCPUQuota = kubelet.cpuCFSQuota
    facts.cpuQuotaPeriod = Int64(kubelet.cpuCFSQuotaPeriod.nanoseconds / 1000)
    if kubelet.singleProcessOOMKill == true { facts.killsWholeContainerOnOOM = false }
    facts.clusterDomain = kubelet.clusterDomain
    facts.clusterDNS = kubelet.clusterDNS
    facts.seccompDefault = kubelet.seccompDefault
    facts.allowedUnsafeSysctls = kubelet.allowedUnsafeSysctls
    facts.podPidsLimit = kubelet.podPidsLimit
    facts.limitsSwap = kubelet.memorySwap.swapBehavior == "LimitedSwap"
    return facts
  }

  /// Pod cgroups in the kubelet's tree below the configured root.
  private func podCgroups(_ cgroups: CgroupRoot, node: NodeFacts, plan: NodePlan) -> PodCgroups {
    let root = Self.cgroupPrefix(settings) + "/kubepods"
    return PodCgroups(Kubepods(cgroups, root: root, node: node, plan: plan, logger: Logger(label: "kubelet")), root: root) {
      [configuration = settings.kubelet] in NodePlan.ofThisHost($0, configuration: configuration)
    }
  }

  /// What stands in front of every cgroup path: empty for the root itself.
  private static func cgroupPrefix(_ settings: AgentSettings) -> String {
    let root = settings.kubelet.cgroupRoot
    return root == "/" ? "" : root
  }

  /// The QoS tree when no pod is in it any more, and the parent of pods made by CRI clients.
  static func removeEmptyTree(_ cgroups: CgroupRoot, _ settings: AgentSettings) {
    let root = cgroupPrefix(settings)
    for path in ["/kubepods/burstable", "/kubepods/besteffort", "/kubepods", "/swiftlet", ""] where !(root + path).isEmpty {
      try? cgroups.cgroup(root + path).removeIfEmpty()
    }
  }

  /// /healthz on loopback, and the read-only port when it is set: on loopback too, unless the settings name an address. Pods reach every
  /// address of the node, and it answers with everybody's specs.
  static func servers(
    _ settings: AgentSettings, _ kubelet: Kubelet, _ store: Store, _ group: any EventLoopGroup
  ) -> [KubeletHTTPServer] {
    var servers: [KubeletHTTPServer] = []
    let health = HealthRoutes.routes { await AgentHealth(store: store, kubelet: kubelet).failure() }
    if settings.kubelet.healthzPort > 0 {
      servers.append(
        KubeletHTTPServer(
          address: settings.kubelet.healthzBindAddress, port: settings.kubelet.healthzPort, routes: health, group: group))
    }
    if settings.kubelet.readOnlyPort > 0 {
      servers.append(
        KubeletHTTPServer(
          address: settings.readOnlyAddress, port: settings.kubelet.readOnlyPort,
          routes: health + PodRoutes.routes(json: { kubelet.podListJSON() }), group: group))
    }
    return servers
  }
}
