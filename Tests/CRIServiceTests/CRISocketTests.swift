import CRIClient
import CRIService
import FoundationEssentials
import Logging
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

/// A runtime of values that has one image, as a node would.
func runtimeWithImage() -> FakeRuntime {
  let runtime = FakeRuntime(images: [])
  runtime.state.withLock {
    $0.images = [
      ImageInfo(
        id: ImageID("sha256:" + String(repeating: "ab", count: 32)), repoTags: ["localhost/busybox:1"],
        repoDigests: ["localhost/busybox@sha256:" + String(repeating: "cd", count: 32)], size: 1_234_567)
    ]
  }
  return runtime
}

/// Runs a server on a socket of its own for the length of `body`.
func withCRIServer<Result: Sendable>(
  runtime: FakeRuntime = runtimeWithImage(), node: (any NodeOperations)? = nil,
  logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
  _ body: (RemoteRuntime, FakeRuntime, String) async throws -> Result
) async throws -> Result {
  let path = "/tmp/cri-test-\(UInt64.random(in: 0...UInt64.max))/cri.sock"
  defer { try? FileManager.default.removeItem(atPath: String(path.dropLast("/cri.sock".count))) }
  let server = CRIServer(
    runtime: runtime, node: node, configuration: .init(socketPath: path), logger: logger)
  let (ready, listening) = AsyncStream.makeStream(of: Void.self)
  let serving = Task {
    defer { listening.finish() }
    try await server.run { listening.yield() }
  }
  for await _ in ready { break }
  let client = RemoteRuntime(socketPath: "unix://\(path)")
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body(client, runtime, path)) } catch { result = .failure(error) }
  serving.cancel()
  try await serving.value
  await client.close()
  #expect(!FileManager.default.fileExists(atPath: path), "the socket is removed at the end")
  return try result.get()
}

let sandboxConfig = SandboxConfig(
  metadata: SandboxMetadata(name: "web", uid: "u-1", namespace: "default", attempt: 3), hostname: "web",
  logDirectory: "/var/log/pods/web", dns: DNSConfig(servers: ["10.0.0.10"], searches: ["local"], options: ["ndots:5"]),
  portMappings: [PortMapping(transport: .udp, containerPort: 53, hostPort: 5353, hostIP: "127.0.0.1")],
  labels: ["app": "web"], annotations: ["note": "ä"], cgroupParent: "/kubepods/podu-1",
  securityContext: SandboxSecurityContext(
    namespaces: NamespaceOption(
      network: .node, pid: .container, ipc: .pod,
      user: UserNamespaceOption(
        mode: .pod, uids: [IDMappingValue(hostID: 1, containerID: 0, length: 65536)],
        gids: [IDMappingValue(hostID: 2, containerID: 0, length: 65536)])),
    runAsUser: 0, runAsGroup: 7, readOnlyRootFilesystem: true, supplementalGroups: [5], supplementalGroupsPolicy: .strict,
    privileged: true, seccomp: SecurityProfile(type: .localhost, localhostRef: "/p.json"),
    appArmor: SecurityProfile(type: .unconfined)),
  sysctls: ["net.ipv4.ip_forward": "1"], overhead: LinuxResources(cpuShares: 2), resources: LinuxResources(memoryLimit: 9))

let containerConfig = ContainerConfig(
  metadata: ContainerMetadata(name: "main", attempt: 2),
  image: ImageSpec(image: "localhost/busybox:1", annotations: ["a": "b"], userSpecifiedImage: "busybox"), command: ["sleep"],
  args: ["1d"], workingDirectory: "/srv", environment: [EnvironmentVariable(name: "K", value: "v ö")],
  mounts: [
    Mount(
      containerPath: "/data", hostPath: "/srv/data", readOnly: true, recursiveReadOnly: true, propagation: .hostToContainer,
      uidMappings: [IDMappingValue(hostID: 3, containerID: 4, length: 5)], image: ImageSpec(image: ""), imageSubPath: "sub",
      selinuxRelabel: true)
  ],
  devices: [Device(containerPath: "/dev/x", hostPath: "/dev/null", permissions: "r")], labels: ["l": "1"],
  annotations: ["n": "2"], logPath: "main/0.log", stdin: true, stdinOnce: true, tty: true,
  resources: LinuxResources(
    cpuPeriod: 1, cpuQuota: 2, cpuShares: 3, memoryLimit: 4, memorySwapLimit: 5, oomScoreAdjust: -6, cpusetCPUs: "0-1",
    cpusetMemoryNodes: "0", hugepageLimits: [HugepageLimit(pageSize: "2MB", limit: 7)], unified: ["memory.high": "8"]),
  securityContext: ContainerSecurityContext(
    capabilities: Capabilities(add: ["NET_ADMIN"], drop: ["ALL"], addAmbient: ["KILL"]), privileged: true,
    namespaces: NamespaceOption(pid: .target, targetID: "t"), runAsUser: 1000, runAsGroup: 1001, runAsUsername: "web",
    readOnlyRootFilesystem: true, supplementalGroups: [1, 2], supplementalGroupsPolicy: .strict, noNewPrivileges: true,
    maskedPaths: ["/proc/kcore"], readOnlyPaths: ["/proc/sys"], seccomp: SecurityProfile(), appArmor: nil),
  stopSignal: 10)

@Suite("The CRI over a socket, our client against our server", .timeLimit(.minutes(5))) struct CRISocketTests {
  @Test("configurations arrive as they were sent, every field") func configurations() async throws {
    try await withCRIServer { client, runtime, _ in
      let sandbox = try await client.runPodSandbox(sandboxConfig, handler: "")
      let container = try await client.createContainer(containerConfig, in: sandbox, sandboxConfig: sandboxConfig)
      #expect(runtime.sandboxConfigs[sandbox] == sandboxConfig)
      #expect(runtime.containerConfigs[container] == containerConfig)
    }
  }

  @Test("statuses, lists and stats arrive as the runtime gave them") func observations() async throws {
    try await withCRIServer { client, runtime, _ in
      let sandbox = try await client.runPodSandbox(sandboxConfig, handler: "")
      let container = try await client.createContainer(containerConfig, in: sandbox, sandboxConfig: sandboxConfig)
      try await client.startContainer(container)
      #expect(
        try await client.podSandboxStatus(sandbox, verbose: true).status == runtime.podSandboxStatus(sandbox, verbose: true).status)
      #expect(
        try await client.containerStatus(container, verbose: false).status
          == runtime.containerStatus(container, verbose: false).status)
      #expect(try await client.podSandboxStatus(sandbox, verbose: true).info == ["info": #"{"pid":4711}"#])
      #expect(try await client.listPodSandboxes(SandboxFilter(state: .ready)) == runtime.listPodSandboxes(SandboxFilter()))
      #expect(try await client.listContainers(ContainerFilter(state: .running, labels: ["l": "1"])).map(\.id) == [container])
      #expect(try await client.listContainers(ContainerFilter(state: .exited)).isEmpty)
      #expect(try await client.status(verbose: true) == runtime.status(verbose: true))
      #expect(try await client.version() == runtime.version())
      #expect(try await client.cgroupDriver() == .cgroupfs)
      #expect(try await client.listImages("") == runtime.listImages(""))
      #expect(try await client.imageStatus("absent", verbose: false) == nil)
      let stats = try await client.containerStats(container)
      #expect(stats.memory?.workingSet == 65536 && stats.memory?.available == nil && stats.io?.some.average10 == 1.5)
      let pod = try #require(try await client.listPodSandboxStats(SandboxFilter()).first)
      #expect(pod.processCount == 2 && pod.interfaces.map(\.name) == ["eth0"] && pod.containers.map(\.id) == [container])
    }
  }

  @Test(
    "errors keep code and words",
    arguments: [
      ("absent", RuntimeError.Code.notFound, "no container absent"), ("", .invalidArgument, "container_id: must not be empty"),
    ])
  func errors(id: String, code: RuntimeError.Code, message: String) async throws {
    try await withCRIServer { client, _, _ in
      let error = await #expect(throws: RuntimeError.self) { try await client.startContainer(ContainerID(id)) }
      #expect(error == RuntimeError(code, message))
    }
  }

  @Test(
    "a bad sandbox configuration is refused with the field's name",
    arguments: [
      (SandboxMetadata(name: "", uid: "u", namespace: "n"), "config.metadata.name: must not be empty"),
      (SandboxMetadata(name: "a", uid: "", namespace: "n"), "config.metadata.uid: must not be empty"),
      (SandboxMetadata(name: "a", uid: "u", namespace: ""), "config.metadata.namespace: must not be empty"),
    ])
  func invalid(metadata: SandboxMetadata, message: String) async throws {
    try await withCRIServer { client, _, _ in
      let error = await #expect(throws: RuntimeError.self) {
        try await client.runPodSandbox(SandboxConfig(metadata: metadata), handler: "")
      }
      #expect(error == RuntimeError(.invalidArgument, message))
    }
  }

  @Test("a message outside ASCII and with line breaks survives the trailers") func percentEncoding() async throws {
    try await withCRIServer { client, runtime, _ in
      let message = "nope: no such file in the image – 100 % sure\nsecond line"
      runtime.failNext("version", RuntimeError(.unknown, message))
      let error = await #expect(throws: RuntimeError.self) { try await client.version() }
      #expect(error?.message == message)
    }
  }

  @Test("exec gives output and exit code; 16 MiB of output still arrive, cut to one message", arguments: [0, 1, 70_000, 16 << 20])
  func exec(bytes: Int) async throws {
    try await withCRIServer { client, _, _ in
      let sandbox = try await client.runPodSandbox(sandboxConfig, handler: "")
      let container = try await client.createContainer(containerConfig, in: sandbox, sandboxConfig: sandboxConfig)
      try await client.startContainer(container)
      let result = try await client.execSync(container, command: ["bytes", "\(bytes)"], timeout: 30)
      #expect(result.stdout.count == min(bytes, (16 << 20) - 64))
      #expect(try await client.execSync(container, command: ["false"], timeout: 1).exitCode == 1)
    }
  }

  @Test("cancelling the caller cancels the runtime's call") func cancellation() async throws {
    try await withCRIServer { client, runtime, _ in
      let sandbox = try await client.runPodSandbox(sandboxConfig, handler: "")
      let container = try await client.createContainer(containerConfig, in: sandbox, sandboxConfig: sandboxConfig)
      try await client.startContainer(container)
      let call = Task { try await client.execSync(container, command: ["sleep", "1000"], timeout: 0) }
      #expect(await eventually { runtime.calls.contains("exec sleep 1000") })
      call.cancel()
      let error = await #expect(throws: RuntimeError.self) { try await call.value }
      #expect(error?.code == .cancelled)
      #expect(await eventually { runtime.cancelledExecs == 1 })
    }
  }

  @Test("events arrive while they happen and end with the server") func events() async throws {
    let seen = Seen()
    let reader = try await withCRIServer { client, runtime, _ in
      let events = try await client.events()
      let reader = Task { for await event in events { seen.kinds.withLock { $0.append(event.kind) } } }
      #expect(await eventually { runtime.state.withLock { $0.watchers.count } == 1 })
      let sandbox = try await client.runPodSandbox(sandboxConfig, handler: "")
      #expect(await eventually { seen.kinds.withLock { $0 } == [.created, .started] })
      try await client.removePodSandbox(sandbox)
      #expect(await eventually { seen.kinds.withLock { $0.last } == .deleted })
      return reader
    }
    await reader.value
    #expect(seen.kinds.withLock { $0 } == [.created, .started, .stopped, .deleted])
  }

  @Test("a consumer that is too slow gets the end of its events, not a gap, and the call with it") func slowConsumer() async throws
  {
    try await withCRIServer { client, runtime, _ in
      let events = try await client.events()
      #expect(await eventually { runtime.state.withLock { $0.watchers.count } == 1 })
      let watcher = try #require(runtime.state.withLock { $0.watchers.first })
      let gone = Mutex(false)
      watcher.onTermination = { _ in gone.withLock { $0 = true } }
      var sent = 0
      #expect(
        await eventually(50) {
          for _ in 0..<20 {
            watcher.yield(RuntimeEvent(kind: .created, containerID: "\(sent)", sandboxID: SandboxID("s"), createdAt: 0))
            sent += 1
          }
          return gone.withLock { $0 }
        })
      var seen: [Int] = []
      for await event in events { seen.append(Int(event.containerID) ?? -1) }
      // The fake itself forgets what the server does not take at once; what came is the beginning of what the client got.
      #expect(seen.count == 1000 && seen == seen.sorted(), "\(seen.count) of \(sent)")
    }
  }

  @Test("output that does not fit is cut with a line in the log") func cutOutput() async throws {
    let lines = RecordedLines()
    try await withCRIServer(logger: Logger(label: "test") { _ in lines }) { client, _, _ in
      let sandbox = try await client.runPodSandbox(sandboxConfig, handler: "")
      let container = try await client.createContainer(containerConfig, in: sandbox, sandboxConfig: sandboxConfig)
      try await client.startContainer(container)
      _ = try await client.execSync(container, command: ["bytes", "\((16 << 20) - 64)"], timeout: 30)
      #expect(lines.texts.withLock { $0 } == [])
      _ = try await client.execSync(container, command: ["bytes", "\(16 << 20)"], timeout: 30)
      #expect(lines.texts.withLock { $0 } == ["Output of a command cut"])
    }
  }

  @Test("a second server on a living socket is refused, and the socket is for owner and group only") func livingSocket()
    async throws
  {
    try await withCRIServer { client, _, path in
      let second = CRIServer(
        runtime: FakeRuntime(), configuration: .init(socketPath: path),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let error = await #expect(throws: RuntimeError.self) { try await second.run() }
      #expect(error?.description.contains("another process serves") == true)
      #expect(try await client.version().runtimeName == "fake", "the first server still answers")
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o660)
    }
  }

  @Test("nobody at the socket is UNAVAILABLE at once") func unavailable() async throws {
    let client = RemoteRuntime(socketPath: "/tmp/no-such-cri.sock")
    let error = await #expect(throws: RuntimeError.self) { try await client.version() }
    #expect(error?.code == .unavailable)
  }

  @Test("without a node the node service is UNIMPLEMENTED") func noNode() async throws {
    try await withCRIServer { _, _, path in
      let error = await #expect(throws: RuntimeError.self) { try await NodeClient(socketPath: path).leaks() }
      #expect(error == RuntimeError(.unimplemented, "unknown service swiftlet.v1.NodeService"))
    }
  }
}

/// Warnings and worse.
final class RecordedLines: LogHandler, Sendable {
  let texts = Mutex<[String]>([])
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .warning }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) { texts.withLock { $0.append("\(event.message)") } }
}

/// What a subscriber has got so far.
private final class Seen: Sendable {
  let kinds = Mutex<[RuntimeEvent.Kind]>([])
}
