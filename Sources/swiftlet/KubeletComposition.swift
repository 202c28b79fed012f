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
    runtime: any ContainerRuntime, store: Store, cgroups: CgroupRoot, group: any EventLoopGroup
  ) async throws -> Kubelet {
    let node = nodeFacts(cgroups)
    let source = FileSource(path: settings.kubelet.staticPodPath, node: node.name, logger: Logger(label: "manifests"))
    let version = try await runtime.version()
    return Kubelet(
      config: KubeletConfig(
        rootDirectory: settings.rootDirectory, podLogsDirectory: settings.kubelet.podLogsDir, node: node,
        maxPods: settings.kubelet.maxPods,
        maxContainerRestartPeriod: settings.kubelet.crashLoopBackOff.maxContainerRestartPeriod.duration),
      runtime: runtime, runtimeName: version.runtimeName, store: store, cgroups: podCgroups(cgroups),
      sources: [PodSourceStream("file") { source.snapshots() }], group: group, logger: Logger(label: "kubelet"))
  }

  /// What the pure parts need to know of this node.
  private func nodeFacts(_ cgroups: CgroupRoot) -> NodeFacts {
    let kubelet = settings.kubelet
    var facts = NodeFacts.ofThisHost(
      name: (settings.nodeName ?? hostName()).lowercased(), controllers: Set(cgroups.controllers.map(\.rawValue)),
      resolvConf: kubelet.resolvConf)
    facts.enforcesCPUQuota = kubelet.cpuCFSQuota
    facts.cpuQuotaPeriod = Int64(kubelet.cpuCFSQuotaPeriod.nanoseconds / 1000)
    if kubelet.singleProcessOOMKill == true { facts.killsWholeContainerOnOOM = false }
    facts.clusterDomain = kubelet.clusterDomain
    facts.clusterDNS = kubelet.clusterDNS
    facts.seccompDefault = kubelet.seccompDefault
    return facts
  }

  /// Pod cgroups in the kubelet's tree below the configured root.
  private func podCgroups(_ cgroups: CgroupRoot) -> PodCgroups {
    let root = Self.cgroupPrefix(settings) + "/kubepods"
    let pidsLimit = settings.kubelet.podPidsLimit
    return PodCgroups(
      prepare: { pod in
        let path = PodCgroups.path(of: pod, root: root)
        let resources = PodCgroupResources.of(pod, pidsLimit: pidsLimit)
        try await runBlocking {
          let cgroup = cgroups.cgroup(path)
          try cgroup.create()
          try cgroup.apply(resources, available: cgroups.controllers)
        }
        return path
      },
      path: { pod in PodCgroups.path(of: pod, root: root) },
      remove: { pod in
        let path = PodCgroups.path(of: pod, root: root)
        try await runBlocking { try cgroups.cgroup(path).remove() }
      })
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

  /// /healthz on loopback, and the read-only port when it is set.
  static func servers(_ settings: AgentSettings, _ kubelet: Kubelet, _ group: any EventLoopGroup) -> [KubeletHTTPServer] {
    var servers: [KubeletHTTPServer] = []
    let health = HealthRoutes.routes()
    if settings.kubelet.healthzPort > 0 {
      servers.append(
        KubeletHTTPServer(
          address: settings.kubelet.healthzBindAddress, port: settings.kubelet.healthzPort, routes: health, group: group))
    }
    if settings.kubelet.readOnlyPort > 0 {
      servers.append(
        KubeletHTTPServer(
          address: settings.kubelet.address, port: settings.kubelet.readOnlyPort,
          routes: health + PodRoutes.routes { kubelet.podList() }, group: group))
    }
    return servers
  }
}

/// The pod cgroup's limits. Source: kubelet `ResourceConfigForPod`.
enum PodCgroupResources {
  static func of(_ pod: Pod, pidsLimit: Int) -> CgroupResources {
    var resources = CgroupResources()
    let (requests, limits) = (pod.requests, pod.limits)
    let shares = pod.qosClass == .bestEffort ? 2 : CgroupValues.cpuShares(milliCPU: requests["cpu"]?.milliValue ?? 0)
    resources.cpuWeight = UInt64(CgroupValues.cpuWeight(shares: shares))
    if pod.isLimited("cpu"), let cpu = limits["cpu"], let quota = CgroupValues.cpuQuota(milliCPU: cpu.milliValue) {
      resources.cpuQuota = Int64(quota)
      resources.cpuPeriod = 100_000
    }
    if pod.isLimited("memory"), let memory = limits["memory"] { resources.memoryLimit = Int64(memory.value) }
    if pidsLimit > 0 { resources.pidsLimit = Int64(pidsLimit) }
    return resources
  }
}
