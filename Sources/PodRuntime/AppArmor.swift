import LinuxRuntime
import LinuxSystem
import RuntimeAPI
import Synchronization

/// AppArmor of this node: what is loaded, and the default profile, loaded when the first container needs it. Blocks for that moment.
final class AppArmor: Sendable {
  private static let list = "/sys/kernel/security/apparmor/profiles"
  private static let parsers = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"]

  private let isEnabled: Bool
  /// Where the default profile's text is put for the parser to read.
  private let file: String
  /// nil: not tried yet.
  private let hasDefault = Mutex<Bool?>(nil)

  init(isEnabled: Bool, stateDirectory: String) {
    self.isEnabled = isEnabled
    file = "\(stateDirectory)/apparmor-default"
  }

  func profile(_ security: ContainerSecurityContext) throws(LinuxRuntimeError) -> String? {
    let wish: AppArmorProfile.Wish =
      switch security.appArmor?.type {
      case nil: .nothing
      case .runtimeDefault: .runtimeDefault
      case .unconfined: .unconfined
      case .localhost: .localhost(Self.name(security.appArmor?.localhostRef ?? ""))
      }
    var node = AppArmorProfile.Node(isEnabled: isEnabled)
    if isEnabled {
      node.loaded = Self.loaded()
      if wish == .runtimeDefault || wish == .nothing { node.hasDefault = loadDefault(node.loaded) }
    }
    return try AppArmorProfile.choose(wish, privileged: security.privileged, node: node)
  }

  private static func name(_ reference: String) -> String {
    reference.hasPrefix("localhost/") ? String(reference.dropFirst("localhost/".count)) : reference
  }

  private static func loaded() -> Set<String>? { (try? readFile(list)).map { AppArmorProfile.names(inList: $0) } }

  /// Replaces what an earlier version loaded under the same name: once in the life of the agent.
  private func loadDefault(_ loaded: Set<String>?) -> Bool {
    hasDefault.withLock { known in
      if let known { return known }
      var success = loaded?.contains(AppArmorProfile.defaultName) ?? false
      if let parser = Self.parsers.first(where: { FileNode.at($0) != nil }), (try? writeFile(file, AppArmorProfile.text)) != nil {
        // -K: no cache, -r: replace.
        if let status = try? HostProgram.run(parser, ["-K", "-r", file]), status == 0 { success = true }
      }
      known = success
      return success
    }
  }
}
