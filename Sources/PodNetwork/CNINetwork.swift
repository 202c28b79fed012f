import CNI
import LinuxSystem
import Netlink
import Synchronization

/// Pod networks made by the programs (plugins) that a configuration of the administrator's names. In charge as long as there is one; the
/// built-in bridge is else.
///
/// A pod keeps the configuration that it was attached with: its record has it.
public final class CNINetwork: Sendable {
  public let settings: CNISettings
  let records: CNIRecords
  let runner: PluginRunner
  private let watch: CNIWatch
  let podCIDR: Mutex<String>
  let hostPorts: CNIHostPorts
  /// What a start begins with; attachments wait for it.
  let garbageCollection: Mutex<Task<Void, Never>?> = Mutex(nil)
  /// Of what a start found that belongs to nobody.
  let retries: Mutex<Task<Void, Never>?> = Mutex(nil)
  /// Sandboxes that are gone and whose DEL failed.
  let remaining: Mutex<Set<String>> = Mutex([])
  private let readiness: Mutex<Readiness?> = Mutex(nil)
  let tell: @Sendable (Message) -> Void

  /// For the log.
  public enum Message: Sendable {
    /// Another configuration is in use; nil: none.
    case uses(String?)
    case problem(String)
  }

  /// Longest an ADD of all plugins may take, and a DEL of one of them. Kubernetes asks again after four minutes.
  static let limit = Duration.seconds(60)
  private static let statusLimit = Duration.seconds(10)
  /// A kubelet asks every five seconds, others beside it.
  private static let readinessAge = Duration.seconds(4)

  /// - Parameter tell: hears of configurations that come and go, and of what cannot be given back.
  public init(_ settings: CNISettings, tell: @escaping @Sendable (Message) -> Void = { _ in }) throws(PodNetworkError) {
    self.settings = settings
    hostPorts = try network("cannot open a netlink socket") { try CNIHostPorts(name: settings.bridgeName) }
    self.tell = tell
    podCIDR = Mutex(settings.podCIDR)
    records = CNIRecords(directory: settings.records)
    runner = PluginRunner(directories: settings.plugins, environment: settings.environment)
    let last = Mutex<String?>(nil)
    let shown = Shown()
    watch = CNIWatch(CNIDirectory(path: settings.configurations)) { view in
      let name = view.current.map { "\($0.configuration.name) (\($0.file), CNI \($0.configuration.version))" }
      let isOther = last.withLock { last in
        defer { last = name }
        return last != name
      }
      if isOther { tell(.uses(name)) }
      for problem in shown.new(of: view.problems) { tell(.problem(problem)) }
    }
  }

  // MARK: Configuration

  /// Looks: what an editor has just saved counts. Blocks for as long as the directory does.
  func look() -> CNIDirectory.View { watch.look() }

  /// Whether pods that come get their network here.
  public func isInCharge() async -> Bool {
    await runBlocking(.manifests) { self.look().isUsed || self.settings.isRequired }
  }

  /// What pods that come are attached with.
  func current() async throws(PodNetworkError) -> (file: String, chain: CNIChain) {
    let view = await runBlocking(.manifests) { self.look() }
    guard let current = view.current else {
      let reason =
        view.problems.isEmpty ? "no network config found in \(settings.configurations)" : view.problems.joined(separator: "; ")
      throw PodNetworkError(.notReady, "cni plugin not initialized: \(reason)")
    }
    return (current.file, CNIChain(current.configuration, runner))
  }

  /// Pods that come, of plugins with the capability `ipRanges`, get addresses of it.
  public func setPodCIDR(_ text: String) throws(PodNetworkError) {
    _ = try BridgeNetworkSettings.networks(text)
    podCIDR.withLock { $0 = text }
  }

  /// At the agent's end, when no pod is left. Blocks.
  public func removeAll() throws(PodNetworkError) {
    try network("cannot remove the host ports of plugins' networks") { try hostPorts.remove() }
  }

  // MARK: Readiness

  private struct Readiness {
    let configuration: CNIConfiguration
    let answer: Task<Result<Void, PodNetworkError>, Never>
    let since: ContinuousClock.Instant
  }

  /// Throws what keeps pods from having a network: no configuration, no plugin, one of another version, or what a plugin says (STATUS).
  public func check() async throws(PodNetworkError) {
    let chain = try await current().chain
    // Everybody who asks within a moment gets one answer.
    let answer = readiness.withLock { known in
      if let known, known.configuration == chain.configuration, .now - known.since < Self.readinessAge { return known.answer }
      let isKnown = known?.configuration == chain.configuration
      let before = known?.answer
      let answer = Task<Result<Void, PodNetworkError>, Never> {
        // Programs are asked for their versions until they have given them once.
        let isValid = if isKnown, case .success = await before?.value { true } else { false }
        do throws(CNIError) {
          if !isValid { try await chain.validate(until: .now + Self.statusLimit) }
          for plugin in chain.configuration.plugins {
            _ = try await runBlocking { () throws(CNIError) in try self.runner.find(plugin.type) }
          }
          try await chain.status(until: .now + Self.statusLimit)
          return .success(())
        } catch {
          return .failure(PodNetworkError(.notReady, "\(error)"))
        }
      }
      known = Readiness(configuration: chain.configuration, answer: answer, since: .now)
      return answer
    }
    try await answer.value.get()
  }

  // MARK: Questions

  /// Whether the sandbox's network was made here, and is not given back yet. Blocks.
  public func has(_ owner: String) -> Bool { records.has(owner) }

  /// Sandboxes of which `has` is true.
  public func owners() throws(PodNetworkError) -> Set<String> {
    Set(try network("cannot read \(settings.records)") { try records.ids() })
  }

  func namespacePath(_ owner: String) -> String { "\(settings.namespaces)/\(owner)" }

  /// Traffic of a pod; nil when it has no network. Blocks.
  public func statistics(owner: String) throws(PodNetworkError) -> InterfaceStatistics? {
    let path = namespacePath(owner)
    guard FileFacts.at(path) != nil else { return nil }
    return try network("cannot read statistics of \(owner)") {
      let namespace = try NetworkNamespace.open(path)
      return try NetworkNamespace.run(in: namespace) { () throws(any Error) in
        LinkInfo(try NetlinkConnection.route().get(RouteRequests.getLink(CNIAttachment.interface))).map { link in
          InterfaceStatistics(
            name: link.name, rxBytes: link.receivedBytes, rxPackets: link.receivedPackets, rxErrors: link.receiveErrors,
            rxDropped: link.receiveDrops, txBytes: link.sentBytes, txPackets: link.sentPackets, txErrors: link.sendErrors,
            txDropped: link.sendDrops)
        }
      }.get()
    }
  }

  /// What is used, for people: the shape of containerd's `cniconfig`. Blocks.
  public func configurationText() -> (config: String, status: String) {
    let view = look()
    let networks = view.current.map { file, configuration in
      JSON.array([
        .object(
          (
            "Config",
            .object(
              ("Name", .string(configuration.name)), ("CNIVersion", .string("\(configuration.version)")),
              (
                "Plugins",
                .array(
                  configuration.plugins.map {
                    .object(("Network", .object(("type", .string($0.type)))), ("Source", .string($0.configuration.text)))
                  })
              ), ("Source", .string(configuration.source.text)), ("File", .string("\(settings.configurations)/\(file)")))
          ), ("IFName", .string(CNIAttachment.interface)))
      ])
    }
    let config = JSON.object(
      ("PluginDirs", .strings(settings.plugins)), ("PluginConfDir", .string(settings.configurations)),
      ("PluginMaxConfNum", .number(1)),
      ("Prefix", .string("eth")), ("Networks", networks ?? .array([])))
    let status =
      view.problems.isEmpty ? (view.current == nil ? "no network config found" : "OK") : view.problems.joined(separator: "; ")
    return (config.text, status)
  }
}

/// Problems that were told.
private final class Shown: Sendable {
  private let told: Mutex<Set<String>> = Mutex([])

  func new(of problems: [String]) -> [String] {
    told.withLock { told in
      defer { told = Set(problems) }
      return problems.filter { !told.contains($0) }
    }
  }
}
