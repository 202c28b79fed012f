import CRIClient
import CRIService
import Cgroups
import FoundationEssentials
import GRPCTransport
import Images
import KubeModel
import Kubelet
import KubeletServer
import LinuxSystem
import Logging
import NIOCore
import PodNetwork
import PodRuntime
import Registry
import RuntimeAPI
import Store
import Streaming

/// Puts the parts together and runs them until a signal: the one place that knows them all.
struct Agent: Sendable {
  let settings: AgentSettings
  let logger: Logger
  private let memory = IdleTrim()

  func run() async throws {
    let stop = try StopSignal()
    claimResources()
    // Secrets of pods and files of images: root's alone, also where a service manager made the directories.
    try makePrivateDirectory(settings.rootDirectory)
    try makePrivateDirectory(settings.stateDirectory)
    let lock = try DirectoryLock(settings.rootDirectory)
    defer { withExtendedLifetime(lock) {} }
    let database = "\(settings.rootDirectory)/swiftlet.db"
    let (store, notice) = try Store.open(
      database, copy: database + ".copy",
      warn: { [logger] in logger.warning("No copy of the database", metadata: ["problem": "\($0)"]) })
    if let notice { logger.error("Database", metadata: ["problem": "\(notice)"]) }
    let cgroups = try CgroupRoot.discover()
    announce(cgroups)

    let traces = StartTraces()
    // The start is work, too.
    memory.worked()
    let built = settings.runtimeEndpoint == nil ? try await makeRuntime(store, cgroups, traces) : nil
    let runtime = try await runtime(built)
    let group = EventLoops.shared
    let kubelet =
      settings.runtimeOnly
      ? nil
      : try await KubeletComposition(settings: settings).make(
        runtime: runtime, store: store, cgroups: cgroups, group: group, traces: traces, logLosses: built?.runtime.logLosses)
    let node = LocalNode(images: built?.images, runtime: built?.runtime, kubelet: kubelet, traces: traces, logger: logger)

    if built?.isPostponed == false { built?.network?.startPreparing() }
    // Beside the servers: a service manager that waits for READY would end an agent with a big archive again and again. Pods whose images
    // are still on their way are tried again when they came.
    async let _ = node.preload(settings.imageDirectory)
    try await serve(runtime: runtime, node: node, kubelet: kubelet, store: store, group: group, until: stop)
    // When no call is under way any more that could make another one.
    if settings.stopPodsOnExit, let built { await removeRemainingPods(built.runtime) }
    await built?.network?.stop()
    if settings.stopPodsOnExit { KubeletComposition.removeEmptyTree(cgroups, settings) }
    if settings.stopPodsOnExit, let network = built?.network {
      let cni = built?.cni
      do {
        try await runBlocking { () throws(PodNetworkError) in
          try network.removeAll()
          try cni?.removeAll()
        }
      } catch {
        logger.error("Bridge not removed", metadata: ["error": "\(error)"])
      }
    }
    logger.notice("swiftlet ended")
  }

  // MARK: Parts

  struct Built {
    var runtime: PodRuntime
    var images: ImageService
    var network: BridgeNetwork?
    /// The bridge is made when the first pod needs it.
    var isPostponed = false
    var cni: CNINetwork?
  }

  /// The built-in runtime, or the one that answers at the endpoint: then nothing of the built-in one is made.
  func runtime(_ built: Built?) async throws -> any ContainerRuntime {
    if let built { return built.runtime }
    let remote = RemoteRuntime(socketPath: settings.runtimeEndpoint ?? "")
    if try await remote.cgroupDriver() == .systemd {
      throw RuntimeError(
        .failedPrecondition,
        "the runtime at \(settings.runtimeEndpoint ?? "") uses the systemd cgroup driver: set it to cgroupfs (containerd: SystemdCgroup = false)"
      )
    }
    return remote
  }

  /// The built-in runtime, with what an earlier agent left taken over.
  private func makeRuntime(_ store: Store, _ cgroups: CgroupRoot, _ traces: StartTraces) async throws -> Built {
    let network = try BridgeNetwork(
      settings: BridgeNetworkSettings(
        bridgeName: settings.bridge, podCIDR: settings.kubelet.podCIDR, prepared: settings.preparedNetworks,
        unprivilegedPorts: settings.unprivilegedPorts), store: store,
      warn: { Logger(label: "network").warning("Network not given back", metadata: ["error": "\($0)"]) })
    let cni = try cniNetwork()
    let isPostponed = await cni?.isInCharge() == true && network.owners.isEmpty
    if isPostponed { network.postpone() } else { try await runBlocking { () throws(PodNetworkError) in try network.prepare() } }
    let registries = RegistryClient(
      settings: .init(
        hostsDirectory: settings.registryHosts, credentialsFile: settings.registryCredentials,
        patience: .seconds(settings.pullProgressDeadline),
        proxies: ProxySettings(environment: ProcessInfo.processInfo.environment)))
    let images = try ImageService(
      root: settings.rootDirectory, store: store, unpacker: settings.unpackerPath, registries: registries)
    for problem in images.problems { logger.error("Images", metadata: ["problem": "\(problem)"]) }
    var runtimeSettings = PodRuntimeSettings(
      rootDirectory: settings.rootDirectory, stateDirectory: settings.stateDirectory, podshimPath: settings.podshimPath,
      cgroupRoot: settings.kubelet.cgroupRoot.isEmpty ? "/" : settings.kubelet.cgroupRoot, resolvConf: settings.kubelet.resolvConf)
    runtimeSettings.cdiDirectories = settings.cdiDirectories
    let runtime = try PodRuntime(
      settings: runtimeSettings, store: store, images: images, network: network, cni: cni, cgroups: cgroups,
      version: Swiftlet.release,
      traces: traces, worked: { [memory] in memory.worked() }, logger: Logger(label: "runtime"))
    // Pods are asked while others are served already.
    _ = try await runtime.recover()
    return Built(runtime: runtime, images: images, network: network, isPostponed: isPostponed, cni: cni)
  }

  /// nil: pods have the built-in network, whatever configurations there are.
  private func cniNetwork() throws(PodNetworkError) -> CNINetwork? {
    guard settings.podNetwork != .bridge else { return nil }
    let environment = ((try? readFile("/proc/self/environ")) ?? "").split(separator: "\0").map(String.init)
    let logger = Logger(label: "cni")
    return try CNINetwork(
      CNISettings(
        configurations: settings.cniConfigurations, plugins: settings.cniPlugins, records: "\(settings.rootDirectory)/cni",
        namespaces: "\(settings.stateDirectory)/netns", environment: environment, podCIDR: settings.kubelet.podCIDR,
        bridgeName: settings.bridge, unprivilegedPorts: settings.unprivilegedPorts, isRequired: settings.podNetwork == .cni)
    ) { message in
      switch message {
      case .uses(let network?): logger.notice("Pods get their network from plugins", metadata: ["network": "\(network)"])
      case .uses(nil): logger.notice("No network configuration of plugins", metadata: ["path": "\(settings.cniConfigurations)"])
      case .problem(let problem): logger.warning("Network", metadata: ["problem": "\(problem)"])
      }
    }
  }

  /// The agent is the last to run out of descriptors, and among the last to be killed when the node runs out of memory.
  private func claimResources() {
    do throws(SystemCallError) { try ProcessLimits.raiseDescriptorLimit() } catch {
      logger.warning("Limit of open files not raised", metadata: ["error": "\(error)"])
    }
    do throws(SystemCallError) { try ProcessLimits.adjustOOMScore(settings.kubelet.oomScoreAdj) } catch {
      logger.warning(
        "oom_score_adj not lowered: when the node runs out of memory, the agent may be killed before containers",
        metadata: ["wanted": "\(settings.kubelet.oomScoreAdj)", "error": "\(error)"])
    }
  }

  private func announce(_ cgroups: CgroupRoot) {
    guard !cgroups.controllersOnlyInV1.isEmpty else { return }
    logger.warning(
      "cgroup v1 hierarchies hold controllers; pods with limits that need them are refused",
      metadata: ["controllers": "\(cgroups.controllersOnlyInV1.map { "\($0)" }.sorted().joined(separator: " "))"])
  }

  // MARK: Running

  /// Runs every server and the kubelet until SIGTERM or SIGINT; calls that were under way have ended when it returns.
  private func serve(
    runtime: any ContainerRuntime, node: LocalNode, kubelet: Kubelet?, store: Store, group: any EventLoopGroup,
    until stop: StopSignal
  ) async throws {
    let (streams, server) = try await streams(runtime)
    let cri = CRIServer(
      runtime: runtime, streams: streams, node: node,
      configuration: .init(socketPath: settings.criSocket, group: settings.criSocketGroup),
      logger: Logger(label: "cri"))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await cri.run { ServiceNotifier.send("READY=1") } }
      if let server { tasks.addTask { await server.run() } }
      if let kubelet {
        tasks.addTask { await kubelet.run() }
        for server in KubeletComposition.servers(settings, kubelet, store, group) { tasks.addTask { try await server.run() } }
      }
      tasks.addTask {
        let signal = await stop.wait()
        // A server failed and everything is being cancelled: nobody is left to stop pods with.
        if Task.isCancelled { return }
        logger.notice("Stopping", metadata: ["signal": "\(signal)"])
        ServiceNotifier.send("STOPPING=1")
        if settings.stopPodsOnExit, let kubelet { await stopPods(kubelet) }
      }
      // The signal task ends first in a good life; a server that ends by itself throws.
      try await tasks.next()
      tasks.cancelAll()
      while let result = await tasks.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) {
          logger.error("A server ended badly", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  /// Where the CRI's clients get their streams, and the server of the built-in runtime's.
  private func streams(_ runtime: any ContainerRuntime) async throws -> (any StreamingEndpoints, StreamingServer?) {
    guard let built = runtime as? PodRuntime else {
      return (RemoteRuntime(socketPath: settings.runtimeEndpoint ?? ""), nil)
    }
    let tls = try settings.streaming.certificate.map { try StreamingTLS.handlers(certificate: $0.chain, key: $0.key) }
    let server = StreamingServer(
      .init(
        address: settings.streaming.address, port: settings.streaming.port, tls: tls,
        idleTimeout: settings.kubelet.streamingConnectionIdleTimeout.duration))
    try await server.start()
    return (PodStreams(runtime: built, server: server), server)
  }

  /// Longest a stop waits for pods to end well, seconds; what is left is killed then.
  private static let stopDeadline = 120

  /// Ends the kubelet's pods; one whose teardown keeps failing does not keep the agent for ever.
  private func stopPods(_ kubelet: Kubelet) async {
    let ended: Void? = await waiting(atMost: .seconds(Self.stopDeadline)) { await kubelet.stopAllPods() }
    if ended == nil { logger.error("Pods did not end in time", metadata: ["seconds": "\(Self.stopDeadline)"]) }
  }

  /// Pods made by CRI clients: nobody else would stop them.
  private func removeRemainingPods(_ runtime: PodRuntime) async {
    let ended: Void? = await waiting(atMost: .seconds(Self.stopDeadline)) { [logger] in
      await runtime.endCreations()
      for sandbox in (try? await runtime.listPodSandboxes(SandboxFilter())) ?? [] {
        do { try await runtime.removePodSandbox(sandbox.id) } catch {
          logger.error("Pod not removed", metadata: ["sandbox.id": "\(sandbox.id)", "error": "\(error)"])
        }
      }
    }
    if ended == nil { logger.error("Pods of CRI clients were not removed in time", metadata: ["seconds": "\(Self.stopDeadline)"]) }
  }
}
