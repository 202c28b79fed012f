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
  let logger: Logger

  func make(
    runtime: any ContainerRuntime, store: Store, cgroups: CgroupRoot, group: any EventLoopGroup
  ) async throws -> Kubelet {
    let node = try nodeFacts(cgroups)
    let source = FileSource(
      path: settings.kubelet.staticPodPath, nodeName: node.name, logger: Logger(label: "manifests"))
    let version = try await runtime.version()
    return Kubelet(
      config: KubeletConfig(
        rootDirectory: settings.rootDirectory, podLogsDirectory: settings.kubelet.podLogsDir, node: node,
        maxPods: settings.kubelet.maxPods,
        maxContainerRestartPeriod: settings.kubelet.crashLoopBackOff.maxContainerRestartPeriod.duration),
      runtime: runtime, runtimeName: version.runtimeName, store: store, cgroups: podCgroups(cgroups), sources: [
        PodSourceStream("file") { source.snapshots() }
      ],
      group: group, logger: Logger(label: "kubelet"))
  }

  /// What the pure parts need to know of this node.
  private func nodeFacts(_ cgroups: CgroupRoot) throws -> NodeFacts {
    let kubelet = settings.kubelet
    return NodeFacts(
      name: (settings.nodeName ?? hostName()).lowercased(), hostIPs: HostAddresses.find(),
      memoryCapacity: HostFacts.memoryBytes(), milliCPUCapacity: HostFacts.processors() * 1000,
      enforcesCPUQuota: kubelet.cpuCFSQuota, cpuQuotaPeriod: kubelet.cpuCFSQuotaPeriod.nanoseconds / 1000,
      killsWholeContainerOnOOM: kubelet.singleProcessOOMKill != true, controllers: Set(cgroups.controllers.map { "\($0)" }),
      clusterDomain: kubelet.clusterDomain, clusterDNS: kubelet.clusterDNS,
      resolvConf: (try? readFile(kubelet.resolvConf)) ?? "", hostsFile: (try? readFile("/etc/hosts")) ?? "",
      seccompDefault: kubelet.seccompDefault)
  }

  /// Pod cgroups in the kubelet's tree below the configured root.
  private func podCgroups(_ cgroups: CgroupRoot) -> PodCgroups {
    let prefix = settings.kubelet.cgroupRoot
    let root = (prefix.isEmpty || prefix == "/" ? "" : prefix) + "/kubepods"
    return PodCgroups(
      prepare: { pod in
        let path = PodCgroups.path(of: pod, root: root)
        try await runBlocking {
          let cgroup = cgroups.cgroup(path)
          try cgroup.create()
          try cgroup.apply(PodCgroupResources.of(pod), available: cgroups.controllers)
        }
        return path
      },
      path: { pod in PodCgroups.path(of: pod, root: root) },
      remove: { pod in
        let path = PodCgroups.path(of: pod, root: root)
        try await runBlocking { try cgroups.cgroup(path).remove() }
      })
  }

  /// /healthz on loopback, and the read-only port when it is set.
  static func servers(
    _ settings: AgentSettings, _ kubelet: Kubelet, _ group: any EventLoopGroup, _ logger: Logger
  ) -> [KubeletHTTPServer] {
    var servers: [KubeletHTTPServer] = []
    if settings.kubelet.healthzPort > 0 {
      servers.append(
        KubeletHTTPServer(
          address: settings.kubelet.healthzBindAddress, port: settings.kubelet.healthzPort, routes: [HealthRoute()], group: group,
          logger: logger))
    }
    if settings.kubelet.readOnlyPort > 0 {
      servers.append(
        KubeletHTTPServer(
          address: settings.kubelet.address, port: settings.kubelet.readOnlyPort,
          routes: [HealthRoute(), PodsRoute(kubelet: kubelet)], group: group, logger: logger))
    }
    return servers
  }
}
