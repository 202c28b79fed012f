import LinuxRuntime
import LinuxSystem
import RuntimeAPI
import Synchronization

/// AppArmor of this node: what is loaded, and the default profile, loaded when the first container needs it.
final class AppArmor: Sendable {
  /// Where things are; tests put their own there.
  struct Paths: Sendable {
    var list = "/sys/kernel/security/apparmor/profiles"
    /// The first that is there gets the text's path as last argument. -K: no cache, -r: replace.
    var parsers = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"].map { [$0, "-K", "-r"] }
    /// The default profile's text, for the parser to read.
    var text: String
  }

  private enum DefaultProfile {
    case untried
    /// All who come meanwhile wait for one parser.
    case loading(Task<Bool, Never>)
    case loaded
    case failed(at: ContinuousClock.Instant)
  }

  /// How long the parser may take, and how long it is left alone after it failed.
  private let patience: Duration
  private let pause: Duration
  private let isEnabled: Bool
  private let paths: Paths
  private let state = Mutex(DefaultProfile.untried)

  init(isEnabled: Bool, paths: Paths, patience: Duration = .seconds(30), pause: Duration = .seconds(60)) {
    (self.isEnabled, self.paths, self.patience, self.pause) = (isEnabled, paths, patience, pause)
  }

  /// The profile a container is to have, nil for none.
  func profile(_ security: ContainerSecurityContext) async throws(LinuxRuntimeError) -> String? {
    let wish: AppArmorProfile.Wish =
      switch security.appArmor?.type {
      case nil: .nothing
      case .runtimeDefault: .runtimeDefault
      case .unconfined: .unconfined
      case .localhost: .localhost(Self.name(security.appArmor?.localhostRef ?? ""))
      }
    var node = AppArmorProfile.Node(isEnabled: isEnabled)
    if isEnabled, wish != .unconfined {
      node.loaded = await loaded()
      if wish == .runtimeDefault || wish == .nothing { node.hasDefault = await hasDefault(node.loaded) }
    }
    return try AppArmorProfile.choose(wish, privileged: security.privileged, node: node)
  }

  private static func name(_ reference: String) -> String {
    reference.hasPrefix("localhost/") ? String(reference.dropFirst("localhost/".count)) : reference
  }

  /// nil: the list cannot be read.
  private func loaded() async -> Set<String>? {
    await runBlocking { [list = paths.list] in (try? readFile(list)).map { AppArmorProfile.names(inList: $0) } }
  }

  private func hasDefault(_ loaded: Set<String>?) async -> Bool {
    let attempt = state.withLock { state -> Task<Bool, Never>? in
      switch state {
      case .loading(let task): return task
      // Tools that tidy up AppArmor unload what no file of theirs describes.
      case .loaded where loaded?.contains(AppArmorProfile.defaultName) ?? true: return nil
      case .failed(let time) where ContinuousClock.now < time + pause: return nil
      case .untried, .loaded, .failed:
        let task = Task { [self] in
          let success = await load()
          self.state.withLock { $0 = success ? .loaded : .failed(at: .now) }
          return success
        }
        state = .loading(task)
        return task
      }
    }
    if await attempt?.value == true { return true }
    // Loaded before; or the parser failed, and what an earlier agent loaded is as good.
    if let loaded { return loaded.contains(AppArmorProfile.defaultName) }
    return state.withLock { if case .loaded = $0 { true } else { false } }
  }

  /// Replaces what an earlier version loaded under the same name.
  private func load() async -> Bool {
    await runBlocking(.foreign) { [paths, patience] in
      guard let parser = paths.parsers.first(where: { FileFacts.at($0[0]) != nil }) else { return false }
      guard (try? writeFile(paths.text, AppArmorProfile.text)) != nil else { return false }
      return (try? HostProgram.run(parser[0], parser.dropFirst() + [paths.text], atMost: patience)) == 0
    }
  }
}
