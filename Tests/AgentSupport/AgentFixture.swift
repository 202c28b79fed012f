package import CRIClient
import Foundation
import Glibc
package import KubeModel
package import RuntimeAPI
import Synchronization
import TestSupport
import Testing

/// An agent of its own: directories, bridge, addresses, cgroups and ports that no other one has. Ends with a proof that nothing of it is
/// left on the node.
package final class AgentFixture: Sendable {
  package struct Options: Sendable {
    /// Imported before `body` runs.
    package var images: [String]
    package var runtimeOnly: Bool
    package var arguments: [String]
    /// Lines of the KubeletConfiguration, without its head; nil: no configuration file.
    package var configuration: String?
    /// Pods' cgroups lie where they do on a node of the agent's own, at the top of the hierarchy.
    package var ownsNode = false
    /// Size of a tmpfs that the agent's root directory is, such as `48m`: a disk that can be filled. nil: a plain directory.
    package var rootSize: String?

    package init(images: [String] = ["busybox", "payload", "web"], runtimeOnly: Bool = false, arguments: [String] = []) {
      self.images = images
      self.runtimeOnly = runtimeOnly
      self.arguments = arguments
    }
  }
  private static let counter = Mutex((made: 0, live: 0))
  /// Agents that have not ended yet.
  package static var live: Int { counter.withLock { $0.live } }

  package let number: Int
  /// Holds everything below.
  package let base: String
  package let options: Options
  package let runtime: RemoteRuntime
  package let node: NodeClient
  private let process = Mutex<AgentProcess?>(nil)

  package var manifests: String { "\(base)/manifests" }
  /// Of CNI's configurations; not there unless a test makes it.
  package var networks: String { "\(base)/net.d" }
  package var root: String { "\(base)/root" }
  package var state: String { "\(base)/state" }
  package var logs: String { "\(base)/logs" }
  package var log: String { "\(base)/swiftlet.log" }
  package var bridge: String { "it\(getpid())n\(number)" }
  /// "" for an agent that owns the node.
  package var cgroupRoot: String { options.ownsNode ? "" : "/swiftlet-test-\(getpid())-\(number)" }
  package var gateway: String { "10.\(100 + number / 200).\(number % 200).1" }
  package var healthzPort: Int { 21_000 + number * 2 }
  package var readOnlyPort: Int { 21_001 + number * 2 }
  package var nodeName: String { "node\(number)" }
  package var pid: Int32 { process.withLock { $0?.pid ?? 0 } }

  /// Starts an agent, runs `body`, stops the agent with its pods and checks that nothing stays behind.
  package static func with(_ options: Options = Options(), _ body: (AgentFixture) async throws -> Void) async throws {
    let agent = AgentFixture(options)
    defer { counter.withLock { $0.live -= 1 } }
    do {
      try await agent.prepare()
      try await body(agent)
    } catch {
      Issue.record("\(error)\n\(agent.lastLogLines())")
      await agent.end(passed: false)
      return
    }
    await agent.end(passed: true)
  }

  private init(_ options: Options) {
    number = Self.counter.withLock { counter in
      counter.made += 1
      counter.live += 1
      return counter.made
    }
    self.options = options
    base = "/tmp/swiftlet-it-\(getpid())-\(number)"
    let named = options.arguments.firstIndex(of: "--cri-socket").map { options.arguments[$0 + 1] }
    let socket = named ?? "\(base)/state/swiftlet.sock"
    runtime = RemoteRuntime(socketPath: socket, timeout: .seconds(60))
    node = NodeClient(socketPath: socket)
  }

  private func prepare() async throws {
    try HostNetwork.loopbackUp()
    for path in [manifests, logs] { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    if let size = options.rootSize {
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      guard unsafe mount("tmpfs", root, "tmpfs", 0, "size=\(size),mode=0700") == 0 else {
        throw Waiting("a tmpfs of \(size) at \(root): errno \(errno)")
      }
    }
    try await start()
    for image in options.images { try await importFixture(image) }
  }

  // MARK: The process

  /// Starts the agent and waits until it answers.
  /// - Parameter stopsPods: whether SIGTERM ends its pods, too.
  package func start(stopsPods: Bool = true) async throws {
    var arguments = [
      "--root-dir", root, "--state-dir", state, "--pod-manifest-path", manifests, "--bridge", bridge, "--pod-cidr", "\(gateway)/24",
      "--hostname-override", nodeName, "--healthz-port", "\(healthzPort)", "--read-only-port", "\(readOnlyPort)",
      "--pod-logs-dir", logs, "--cni-conf-dir", networks, "-v", "4",
    ]
    if !options.ownsNode { arguments += ["--cgroup-root", cgroupRoot] }
    if let configuration = options.configuration {
      let head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
      try Data((head + configuration).utf8).write(to: URL(fileURLWithPath: "\(base)/config.yaml"))
      arguments += ["--config", "\(base)/config.yaml"]
    }
    if stopsPods { arguments.append("--stop-pods-on-exit") }
    if options.runtimeOnly { arguments.append("--runtime-only") }
    arguments += options.arguments
    let started = try AgentProcess(arguments: arguments, log: log)
    process.withLock { $0 = started }
    let answers = await eventually(120) {
      guard started.isRunning else { return true }
      return (try? await runtime.version()) != nil
    }
    try #require(started.isRunning && answers, "the agent did not start:\n\(lastLogLines())")
  }

  /// SIGKILL: no clean-up of any kind runs.
  package func kill() async throws {
    guard let process = process.withLock({ $0 }) else { return }
    process.signal(SIGKILL)
    _ = try await process.wait(seconds: 60)
  }

  /// SIGTERM; true when it ended well.
  package func terminate() async throws -> Bool {
    guard let process = process.withLock({ $0 }) else { return false }
    process.signal(SIGTERM)
    return try await process.wait(seconds: 60) && process.exitStatus == 0
  }

  package func restart() async throws {
    try await kill()
    try await start()
  }

  private func end(passed: Bool) async {
    do {
      let process = process.withLock { $0 }
      // A failed test may leave it dead: the next start takes over and the end below cleans.
      if process?.isRunning != true { try await start() }
      let endedWell = try await terminate()
      #expect(endedWell, "the agent did not end well after SIGTERM:\n\(lastLogLines())")
    } catch {
      Issue.record("the agent cannot be stopped: \(error)")
    }
    await runtime.close()
    await node.close()
    let leftovers = await Leftovers(of: self).settled()
    if options.rootSize != nil { unsafe umount2(root, Int32(MNT_DETACH)) }
    #expect(leftovers.isEmpty, "left behind: \(leftovers.joined(separator: "\n"))\n\(lastLogLines())")
    if !leftovers.isEmpty { await Leftovers(of: self).remove() }
    if passed, leftovers.isEmpty { try? FileManager.default.removeItem(atPath: base) }
  }

  /// What the agent itself finds left over; the kernel takes a moment to let go of a namespace's links.
  package func leaks() async throws -> [NodeLeak] {
    var found: [NodeLeak] = []
    _ = try await eventually {
      found = try await node.leaks()
      return found.isEmpty
    }
    return found
  }

  /// For a failure's message.
  package func lastLogLines(_ count: Int = 25) -> String {
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").suffix(count).joined(separator: "\n")
  }

  // MARK: Images

  package func importFixture(_ name: String) async throws {
    let archive = try FixtureImages.path(name)
    for try await progress in try await node.importImage(path: archive, pin: true) where progress.done { break }
  }

  // MARK: Pods of manifests

  /// Puts a manifest in place in one step, as a careful writer does.
  package func writeManifest(_ name: String, _ text: String) throws {
    let draft = "\(base)/draft"
    try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
    guard unsafe rename(draft, "\(manifests)/\(name)") == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  package func removeManifest(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(manifests)/\(name)") }

  /// The pod of a manifest's pod name; nil when the kubelet has none.
  package func pod(_ name: String, namespace: String = "default") async throws -> Pod? {
    let texts = try await node.podsJSON(namespace: namespace, name: "\(name)-\(nodeName)")
    return try texts.first.map { try JSONDecoder().decode(Pod.self, from: Data($0.utf8)) }
  }

  /// Waits until the pod's status satisfies `condition`.
  @discardableResult
  package func waitForPod(_ name: String, _ what: String, seconds: Double = 60, _ condition: (Pod) -> Bool) async throws -> Pod {
    var last: Pod?
    let reached = try await eventually(seconds) {
      last = try await pod(name)
      return last.map(condition) ?? false
    }
    if !reached { throw Waiting("pod \(name): \(what); its status is \(last.map { $0.status.text } ?? "absent")") }
    return try #require(last)
  }

  package func waitUntilGone(_ name: String, seconds: Double = 60) async throws {
    let gone = try await eventually(seconds) { try await pod(name) == nil }
    if !gone { throw Waiting("pod \(name) gone") }
  }

  /// The CRI's containers of a manifest's pod, oldest first.
  package func containers(_ pod: String, _ container: String? = nil) async throws -> [ContainerSummary] {
    var labels = ["io.kubernetes.pod.name": "\(pod)-\(nodeName)"]
    if let container { labels["io.kubernetes.container.name"] = container }
    return try await runtime.listContainers(ContainerFilter(labels: labels)).sorted { $0.createdAt < $1.createdAt }
  }

  /// Runs a shell command in a running container of a manifest's pod.
  package func shell(_ pod: String, _ container: String, _ script: String) async throws -> String {
    let running = try await containers(pod, container).last { $0.state == .running }
    let id = try #require(running?.id, "container \(container) of pod \(pod) does not run")
    return try await exec(id, ["sh", "-c", script]).output
  }

  package func exec(_ id: ContainerID, _ command: [String], timeout: Int64 = 20) async throws -> Output {
    Output(try await runtime.execSync(id, command: command, timeout: timeout))
  }
}

extension PodStatus {
  /// For messages.
  package var text: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}

extension Pod {
  package func status(of container: String) -> KubeModel.ContainerStatus? {
    ((status.containerStatuses ?? []) + (status.initContainerStatuses ?? [])).first { $0.name == container }
  }
  package var isRunning: Bool {
    status.phase == "Running" && status.containerStatuses?.allSatisfy { $0.state?.running != nil } == true
  }
}
