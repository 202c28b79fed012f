import Foundation
import KubeModel
import LinuxSystem
import Logging
import NIOPosix
import RuntimeAPI
import Store
import Synchronization
import Testing
import TestSupport

@testable import Kubelet

/// A whole kubelet over a fake runtime, with its own directory, database and time.
final class TestNode: Sendable {
  /// Moved by `eventually(_:passing:)` and `pass(seconds:)` only: a test that moves it beside what it tests may move it too early.
  private let time = TestClock()
  let runtime: FakeRuntime
  let root: String
  let logs: String
  let store: Store
  private let cgroups: PodCgroups?
  private let logLosses: AsyncStream<LogLoss>?
  private let logRotation: LogRotationPolicy?
  private let kubeletBox: Mutex<(kubelet: Kubelet, task: Task<Void, Never>, feed: AsyncStream<SourceNews>.Continuation)?>
  private let wanted = Mutex<[Pod]>([])
  private let difference = Mutex(SourceDifference())
  /// Pods whose cgroups were removed.
  let removedCgroups = Mutex<[PodUID]>([])

  var kubelet: Kubelet { kubeletBox.withLock { $0!.kubelet } }

  private init(_ cgroups: PodCgroups?, _ logLosses: AsyncStream<LogLoss>?, logs: String, _ logRotation: LogRotationPolicy?) throws {
    (self.cgroups, self.logLosses, self.logRotation) = (cgroups, logLosses, logRotation)
    let time = time
    runtime = FakeRuntime(now: { time.now })
    root = NSTemporaryDirectory() + "kubelet-test-\(UUID().uuidString)"
    self.logs = "\(root)/\(logs)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    store = try Store(path: nil)
    kubeletBox = Mutex(nil)
  }

  static func with(
    _ pods: [Pod] = [], facts: NodeFacts = TestNode.facts, reader: NodeReader = NodeReader(), logs: String = "logs",
    cgroups: PodCgroups? = nil, logLosses: AsyncStream<LogLoss>? = nil, logRotation: LogRotationPolicy? = nil,
    _ body: (TestNode) async throws -> Void
  ) async throws {
    let node = try TestNode(cgroups, logLosses, logs: logs, logRotation)
    node.wanted.withLock { $0 = pods }
    node.start(facts, reader: reader)
    do {
      try await body(node)
    } catch {
      await node.stop()
      try? FileManager.default.removeItem(atPath: node.root)
      throw error
    }
    await node.stop()
    // What blocks goes on for a moment when the agent ends: such a removal removes beside this one.
    let removed = await TestSupport.eventually {
      try? FileManager.default.removeItem(atPath: node.root)
      return !FileManager.default.fileExists(atPath: node.root)
    }
    #expect(removed)
  }

  static let facts = NodeFacts(name: "node1", hostIPs: ["192.0.2.1"], memoryCapacity: 8 << 30, milliCPUCapacity: 4000)

  func start(_ facts: NodeFacts = TestNode.facts, reader: NodeReader = NodeReader()) {
    let (stream, continuation) = AsyncStream.makeStream(of: SourceNews.self)
    difference.withLock { $0 = SourceDifference() }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let kubelet = Kubelet(
      config: KubeletConfig(
        rootDirectory: root, podLogsDirectory: logs, node: facts, nodeReader: reader, logRotation: logRotation),
      runtime: runtime,
      runtimeName: "fake",
      store: store,
      cgroups: cgroups
        ?? PodCgroups(
          prepare: { _ in "" }, path: { _ in "" }, remove: { [weak self] uid in self?.removedCgroups.withLock { $0.append(uid) } }),
      sources: [PodSourceStream("file") { stream }], group: MultiThreadedEventLoopGroup.singleton, logLosses: logLosses,
      clock: time.clock, logger: logger)
    let task = Task { await kubelet.run() }
    kubeletBox.withLock { $0 = (kubelet, task, continuation) }
    continuation.yield(news(wanted.withLock { $0 }))
  }

  /// The agent goes; the pods stay.
  func stop() async {
    let current = kubeletBox.withLock { $0 }
    current?.feed.finish()
    current?.task.cancel()
    await current?.task.value
    runtime.dropWatchers()
  }

  /// What the next start finds.
  func setWanted(_ pods: [Pod]) { wanted.withLock { $0 = pods } }

  func want(_ pods: [Pod]) {
    wanted.withLock { $0 = pods }
    _ = kubeletBox.withLock { $0!.feed.yield(news(pods)) }
  }

  private func news(_ pods: [Pod]) -> SourceNews {
    let snapshot = SourceSnapshot(
      pods: pods.map { SourceSnapshot.DesiredPod(pod: $0, path: "/p", contentHash: "", degraded: nil, unsupported: []) },
      events: [],
      degradedFiles: [:])
    return difference.withLock { $0.news(snapshot) }
  }

  /// Whether there is such an event.
  func told(_ reason: String, _ words: String) -> Bool {
    (try? kubelet.events.list())?.contains { $0.reason == reason && $0.message.contains(words) } ?? false
  }

  func pod(_ uid: String = "u1") -> Pod? { kubelet.podList().items.first { $0.metadata.uid == uid } }
  func container(_ name: String, uid: String = "u1") -> KubeModel.ContainerStatus? {
    let status = pod(uid)?.status
    return ((status?.initContainerStatuses ?? []) + (status?.containerStatuses ?? [])).first { $0.name == name }
  }

  /// Waits for something that happens in other tasks.
  /// - Parameter passing: seconds that pass before each look, for what needs time: a wait that begins late ends, too.
  func eventually(
    _ what: String, passing seconds: Int64 = 0, _ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    let happened = await TestSupport.eventually {
      if seconds > 0 { time.advance(seconds: seconds) }
      return condition()
    }
    if happened { return }
    Issue.record(
      "never: \(what); calls: \(runtime.calls); status: \(kubelet.podList().items.map(\.status))", sourceLocation: sourceLocation)
  }

  /// Lets time pass over a node at rest, which does all that it has to do then. For what must not happen; what must is waited for with
  /// `eventually(_:passing:)`.
  func pass(seconds: Int64, sourceLocation: SourceLocation = #_sourceLocation) async {
    await settle(sourceLocation: sourceLocation)
    time.advance(seconds: seconds)
    await settle(sourceLocation: sourceLocation)
  }

  /// Returns when nobody does anything any more: what comes next needs the test, or time. Neither runtime, clock, database nor status
  /// moved while every pool of threads and the cooperative one were passed again and again, behind all that waited there.
  func settle(sourceLocation: SourceLocation = #_sourceLocation) async {
    var (last, quiet) = (activity, 0)
    for _ in 0..<5_000 {
      await runBlocking {}
      await runBlocking(.foreign) {}
      _ = try? await store.read { _ in }
      for _ in 0..<10 { await Task.yield() }
      try? await Task.sleep(for: .milliseconds(2))
      let now = activity
      quiet = now == last ? quiet + 1 : 0
      last = now
      if quiet == 20 { return }
    }
    Issue.record("never quiet", sourceLocation: sourceLocation)
  }

  private struct Activity: Equatable {
    let runtime: Int
    let time: Int
    let statuses: [PodStatus]
  }
  private var activity: Activity {
    Activity(
      runtime: runtime.state.withLock { $0.activity }, time: time.activity,
      statuses: kubelet.podList().items.sorted { $0.metadata.uid ?? "" < $1.metadata.uid ?? "" }.map(\.status))
  }
}

extension Pod {
  static func test(
    uid: String = "u1", name: String = "web-node1", _ containers: [Container] = [.test("app")], initial: [Container]? = nil,
    restart: String = "Always", grace: Int = 30, deadline: Int? = nil
  ) -> Pod {
    Pod(
      metadata: ObjectMeta(name: name, namespace: "default", uid: uid),
      spec: PodSpec(
        containers: containers, activeDeadlineSeconds: deadline, initContainers: initial, restartPolicy: restart,
        terminationGracePeriodSeconds: grace))
  }
}

extension Container {
  static func test(
    _ name: String, image: String = "busybox", lifecycle: Lifecycle? = nil, liveness: Probe? = nil, readiness: Probe? = nil,
    startup: Probe? = nil, restart: String? = nil
  ) -> Container {
    Container(
      name: name, image: image, imagePullPolicy: "IfNotPresent", lifecycle: lifecycle, livenessProbe: liveness,
      readinessProbe: readiness, restartPolicy: restart, startupProbe: startup)
  }
}
