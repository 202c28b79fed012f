import Cgroups
import Foundation
import Glibc
import Images
import LinuxSystem
import Logging
import Netlink
import PodNetwork
import RuntimeAPI
import Store
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

/// The runtime in this process, on the real kernel: for what only the inside can provoke.
struct RuntimeFixture: Sendable {
  let base: String
  let cgroupRoot: String
  let bridge: String
  let store: Store
  let network: BridgeNetwork
  let images: ImageService
  let cgroups: CgroupRoot
  let runtime: PodRuntime

  /// Makes a runtime, runs `body`, removes everything and checks that nothing is left.
  /// - Parameters:
  ///   - diskMegabytes: the root directory is a file system of this size.
  ///   - volumePatience: of the runtime; nil: an agent's.
  static func with(
    diskMegabytes: Int? = nil, volumePatience: Duration? = nil, _ body: (RuntimeFixture) async throws -> Void
  ) async throws {
    let fixture = try await RuntimeFixture(diskMegabytes, volumePatience)
    do { try await body(fixture) } catch { Issue.record("\(error)") }
    for sandbox in (try? await fixture.runtime.listPodSandboxes(SandboxFilter())) ?? [] {
      try? await fixture.runtime.removePodSandbox(sandbox.id)
    }
    let leftovers = await fixture.leftovers()
    #expect(leftovers == [])
    // The next one has the same names.
    if !leftovers.isEmpty {
      await HostCleaner.clean(directory: fixture.base, cgroups: [fixture.cgroupRoot], keeping: ["\(fixture.base)/root"])
    }
    let network = fixture.network
    try await runBlocking { () throws(PodNetworkError) in try network.removeAll() }
    for path in ["/swiftlet", ""] { try? fixture.cgroups.cgroup(fixture.cgroupRoot + path).remove() }
    if diskMegabytes != nil { unsafe umount2("\(fixture.base)/root", 2 /* MNT_DETACH */) }
    try? FileManager.default.removeItem(atPath: fixture.base)
  }

  private init(_ diskMegabytes: Int?, _ volumePatience: Duration?) async throws {
    // As long as those in the fixture of an earlier version.
    let name = "swiftlet-rt-\(String(repeating: "0", count: 7 - "\(getpid())".count))\(getpid())"
    base = "/tmp/\(name)"
    cgroupRoot = "/\(name)"
    bridge = "rt\(name.suffix(7))"
    try NetlinkSocket.route().perform(RouteRequests.setUp(index: 1, name: "lo"))
    try FileManager.default.createDirectory(atPath: "\(base)/root", withIntermediateDirectories: true)
    if let diskMegabytes {
      try #require(unsafe mount("small", "\(base)/root", "tmpfs", 0, "size=\(diskMegabytes)m") == 0)
    }
    store = try Store(path: "\(base)/root/swiftlet.db")
    network = try BridgeNetwork(settings: BridgeNetworkSettings(bridgeName: bridge, podCIDR: "10.99.0.0/24"), store: store)
    images = try ImageService(
      root: "\(base)/root", store: store,
      unpacker: Products.path("unpacker"))
    cgroups = try CgroupRoot.discover()
    runtime = try Self.makeRuntime(base, cgroupRoot, store, images, network, cgroups) { settings in
      if let volumePatience { settings.volumePatience = volumePatience }
    }
    let network = network
    try await runBlocking { () throws(PodNetworkError) in try network.prepare() }
    _ = try await runtime.recover().value
    let fixtures = try #require(ProcessInfo.processInfo.environment["SWIFTLET_FIXTURES"])
    _ = try await images.importArchive(path: "\(fixtures)/payload.tar", pin: true) { _ in }
  }

  private static func makeRuntime(
    _ base: String, _ cgroupRoot: String, _ store: Store, _ images: ImageService, _ network: BridgeNetwork, _ cgroups: CgroupRoot,
    _ change: (inout PodRuntimeSettings) -> Void
  ) throws -> PodRuntime {
    var settings = PodRuntimeSettings(
      rootDirectory: "\(base)/root", stateDirectory: "\(base)/state", podshimPath: Products.path("podshim"), cgroupRoot: cgroupRoot)
    change(&settings)
    return try PodRuntime(
      settings: settings, store: store, images: images, network: network, cgroups: cgroups, version: "test",
      logger: Logger(label: "test"))
  }

  /// A runtime that takes over from `runtime`, which forgets all it knows as if it had been killed.
  /// - Parameters:
  ///   - recovers: waits until every podshim was asked; else calls may come while that goes on, as those of a real agent do.
  ///   - network: nil: this fixture's.
  ///   - patience: for podshims that do not answer; nil: an agent's.
  ///   - scarcity: called before it recovers; what it gives is called afterwards.
  func successor(
    of runtime: PodRuntime? = nil, recovers: Bool = true, network: BridgeNetwork? = nil, patience: Duration? = nil,
    _ scarcity: (() -> () -> Void)? = nil
  ) async throws -> PodRuntime {
    let runtime = runtime ?? self.runtime
    try await runtime.journal.flush()
    let (sandboxes, containers) = runtime.state.withLock { state in (Array(state.sandboxes.values), Array(state.containers.values))
    }
    for sandbox in sandboxes {
      sandbox.takeLink()?.close()
      sandbox.namespace = nil
    }
    runtime.state.withLock { state in
      for container in containers { state.remove(container) }
      for sandbox in sandboxes { state.remove(sandbox) }
    }
    let successor = try Self.makeRuntime(base, cgroupRoot, store, images, network ?? self.network, cgroups) { settings in
      if let patience { settings.podshimPatience = patience }
    }
    let relief = scarcity?()
    do {
      let recovery = try await successor.recover()
      // Time to meet it.
      if relief != nil { try await Task.sleep(for: .milliseconds(300)) }
      relief?()
      if recovers { _ = await recovery.value }
    } catch {
      relief?()
      throw error
    }
    return successor
  }

  /// Empties the database: what is left of a lost one.
  /// - Returns: a network that has read it.
  func forgetEverything() async throws -> BridgeNetwork {
    try await runtime.journal.flush()
    for kind in Self.kinds + ["network/\(bridge)", "network-cursor/\(bridge)"] {
      for row in try Documents(kind, in: store).all() { try Documents(kind, in: store).remove(row.id) }
    }
    let network = try BridgeNetwork(settings: network.settings, store: store)
    try await runBlocking { () throws(PodNetworkError) in try network.prepare() }
    return network
  }

  static let kinds = [
    "runtime-sandbox", "runtime-sandbox-state", "runtime-container", "runtime-container-state", "runtime-container-spec",
  ]

  // MARK: Making

  func sandboxConfig(_ name: String = "pod") -> SandboxConfig {
    SandboxConfig(
      metadata: SandboxMetadata(name: name, uid: "uid", namespace: "default"), hostname: name, logDirectory: "\(base)/logs",
      portMappings: [PortMapping(containerPort: 80, hostPort: 18_099)])
  }

  func containerConfig(_ name: String = "c") -> ContainerConfig {
    ContainerConfig(metadata: ContainerMetadata(name: name), image: ImageSpec(image: "localhost/payload:latest"), logPath: "c.log")
  }

  /// A pod with one container that runs.
  func runningPod(
    _ name: String = "pod", _ change: (inout SandboxConfig) -> Void = { _ in }
  ) async throws -> (config: SandboxConfig, sandbox: SandboxID, container: ContainerID) {
    var config = sandboxConfig(name)
    change(&config)
    let sandbox = try await runtime.runPodSandbox(config, handler: "")
    let container = try await runtime.createContainer(containerConfig(), in: sandbox, sandboxConfig: config)
    try await runtime.startContainer(container)
    return (config, sandbox, container)
  }

  // MARK: What is left

  /// What of sandboxes and containers is on the node, without those of `expected` owners; waits for the kernel to let go.
  func leftovers(except owners: Set<String> = []) async -> [String] {
    var found: [String] = []
    _ = await eventually {
      found = look(owners)
      return found.isEmpty
    }
    for thing in found { print("left over: \(thing)") }
    return found
  }

  private func look(_ owners: Set<String>) -> [String] {
    var found: [String] = []
    let expected = { (text: String) in owners.contains { text.contains($0) } }
    for entry in (try? Ledger(in: store).entries()) ?? [] where !owners.contains(entry.owner) {
      found.append("ledger \(entry.name)")
    }
    for record in (try? Documents("network/\(bridge)", in: store).all()) ?? [] where !owners.contains(record.id) {
      found.append("network of \(record.id)")
    }
    for kind in Self.kinds {
      for row in (try? Documents(kind, in: store).all()) ?? [] where !owners.contains(row.id) && !owners.contains(row.parent) {
        found.append("row \(kind) \(row.id)")
      }
    }
    for directory in ["\(base)/state/sandboxes", "\(base)/root/containers"] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] where !expected(name) {
        found.append("\(directory)/\(name)")
      }
    }
    let top = cgroups.mountPoint + cgroupRoot + "/swiftlet"
    for case let path as String in FileManager.default.enumerator(atPath: top) ?? .init()
    where path.hasSuffix("/cgroup.procs") && !owners.contains(Self.lastComponent(path.dropLast("/cgroup.procs".count))) {
      found.append("cgroup \(path)")
    }
    let links = Set(owners.map { network.plannedLinkName(owner: $0) })
    for link in (try? network.linkNames()) ?? [] where !links.contains(link) { found.append("link \(link)") }
    for pid in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int32(pid) != nil {
      // Dead, and only waiting for whoever runs as init here to notice.
      if Self.text("/proc/\(pid)/stat").contains(") Z ") { continue }
      let command = Self.text("/proc/\(pid)/cmdline") + Self.target("/proc/\(pid)/cwd")
      if command.contains("\(base)/state"), !expected(command) { found.append("podshim \(pid)") }
      let cgroups = Self.text("/proc/\(pid)/cgroup").split(separator: "\n")
      if let own = cgroups.first(where: { $0.contains(cgroupRoot + "/") }), !owners.contains(Self.lastComponent(own)) {
        found.append("process \(pid) in \(own)")
      }
    }
    return found
  }

  private static func lastComponent(_ path: Substring) -> String { path.split(separator: "/").last.map(String.init) ?? "" }

  private static func target(_ path: String) -> String { (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "" }

  static func text(_ path: String) -> String {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return "" }
    return String(decoding: data, as: UTF8.self)
  }
}
