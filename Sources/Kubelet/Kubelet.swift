public import KubeModel
public import Logging
public import NIOCore
public import RuntimeAPI
public import Store

/// The kubelet: runs the pods its sources want on a container runtime.
public final class Kubelet: Sendable {
  public let events: EventRecorder
  private let config: KubeletConfig
  private let sources: [PodSourceStream]
  private let runtime: any ContainerRuntime
  private let store: Store
  private let cgroups: PodCgroups
  private let group: any EventLoopGroup
  private let clock: KubeletClock
  private let logger: Logger
  private let statuses = StatusPublisher()
  let supervisor: PodSupervisor
  private let nodeWatch: NodeWatch
  private let logLosses: AsyncStream<LogLoss>?
  private let logRotation: LogRotation?

  /// - Parameters:
  ///   - runtimeName: from `ContainerRuntime.version()`: the scheme of container ids in a status.
  ///   - group: event loops for probes; owned by the caller.
  ///   - logLosses: what the runtime lost of logs; nil: it does not say.
  public init(
    config: KubeletConfig, runtime: any ContainerRuntime, runtimeName: String, store: Store, cgroups: PodCgroups = .none,
    sources: [PodSourceStream], group: any EventLoopGroup, traces: StartTraces = StartTraces(),
    logLosses: AsyncStream<LogLoss>? = nil, clock: KubeletClock? = nil, logger: Logger
  ) {
    self.logLosses = logLosses
    self.config = config
    self.sources = sources
    self.runtime = runtime
    self.store = store
    self.cgroups = cgroups
    self.group = group
    let clock = clock ?? .ofThisBoot(store)
    self.clock = clock
    self.logger = logger
    events = EventRecorder(EventLog(in: store), store: store, logger: logger, now: clock.wall)
    // Never zero, which would be a hot loop. Source: kubelet validation, 1 s to 300 s.
    let restartPeriod = max(.seconds(1), config.maxContainerRestartPeriod.wholeNanoseconds)
    let nodeState = NodeState(config.node, reader: config.nodeReader)
    nodeWatch = NodeWatch(state: nodeState, reader: config.nodeReader, cgroups: cgroups, clock: clock)
    let logRotation = config.logRotation.map {
      LogRotation($0, root: config.podLogsDirectory, runtime: runtime, clock: clock, logger: logger)
    }
    self.logRotation = logRotation
    let services = PodServices(
      runtime: runtime, group: group, clock: clock, events: events, traces: traces, ledger: Ledger(in: store),
      records: PodRecords(in: store, logger: logger), nodeState: nodeState, cgroups: cgroups, root: config.rootDirectory,
      logs: config.podLogsDirectory, logRotation: logRotation, runtimeName: runtimeName, maxRestartPeriod: restartPeriod,
      startedAt: clock.now())
    supervisor = PodSupervisor(
      services: services, sources: Set(sources.map(\.name)), maxPods: config.maxPods, statuses: statuses, logger: logger)
  }

  /// Runs until the task is cancelled; pods keep running then.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.supervisor.run() }
      group.addTask { await self.nodeWatch.run(self.supervisor) }
      group.addTask {
        await RuntimeWatch(runtime: self.runtime, node: self.nodeWatch, clock: self.clock, logger: self.logger).run(self.supervisor)
      }
      for source in sources { group.addTask { await self.follow(source) } }
      if let logRotation { group.addTask { await logRotation.run() } }
      if let logLosses { group.addTask { for await loss in logLosses { self.record(loss) } } }
      await group.waitForAll()
    }
  }

  /// Ends every pod, in parallel, each with its grace period, while `run` is running.
  public func stopAllPods() async { await supervisor.stopAll() }

  /// An image was imported: pods that wait for one try again at once.
  public func imagesChanged() { supervisor.send(.retry) }

  /// Longest a part may have work and not move. Source: kubelet, whose sync loop is unhealthy after two minutes.
  public static let patience: Duration = .seconds(120)

  /// What is stuck, in words; nil: everything moves.
  public func fault(now: ContinuousClock.Instant = .now) -> String? {
    let faults = ([supervisor.progress] + sources.compactMap(\.progress)).compactMap { $0.fault(Self.patience, now: now) }
    return faults.isEmpty ? nil : faults.joined(separator: "; ")
  }

  /// Every pod with its status, those that were refused included.
  public func podList() -> PodList { PodList(items: statuses.all) }

  /// The same as JSON text of a v1.PodList; a pod is written once for each of its versions, however often it is asked for.
  public func podListJSON() -> [UInt8] { statuses.listJSON() }

  /// Each matching pod as JSON text of a v1.Pod. Empty arguments match all.
  func podJSON(namespace: String, name: String) -> [String] { statuses.json(namespace: namespace, name: name) }

  /// Of a pod of a CRI client nothing is said here: it is not the kubelet's.
  private func record(_ loss: LogLoss) {
    guard let pod = statuses.get(PodUID(loss.sandbox.uid)) else { return }
    events.record(
      .warning, "LogLinesLost", pod, container: loss.container.name,
      "\(loss.lines) lines of the container's log could not be written: \(loss.reason)")
  }

  private func follow(_ source: PodSourceStream) async {
    for await news in source.news() {
      for event in news.notices {
        let parts = (event.pod ?? "").split(separator: "/", maxSplits: 1).map(String.init)
        events.record(
          .warning, event.reason.rawValue, namespace: parts.count == 2 ? parts[0] : "", name: parts.last ?? "", event.message)
      }
      for event in news.events { supervisor.send(.source(source.name, event, noticed: news.noticed)) }
    }
  }
}
