import LinuxSystem
import OCISpec
import RuntimeAPI

/// What CDI devices change in a container, ready for its spec.
struct DeviceEdits: Sendable {
  var environment: [EnvironmentVariable] = []
  var mounts: [MountSpec] = []
  var devices: [DeviceSpec] = []
  var rules: [ResourcesSpec.DeviceRule] = []
  /// The devices as mounts of the host's nodes: for who cannot make nodes.
  var nodes: [Mount] = []
  var groups: [UInt32] = []

  init() {}

  /// Looks at the host's nodes. What a device needs and cannot have here refuses the container: it would start without what it asked for.
  /// - Parameter user: owns nodes that say nothing of an owner, as the container is to use them.
  init(_ edits: [CDISpec.Edits], user: (uid: UInt32, gid: UInt32)) throws(RuntimeError) {
    for edit in edits {
      if edit.intelRdt != nil { throw Self.refusal("intelRdt: this runtime has no resctrl groups") }
      if !(edit.netDevices ?? []).isEmpty { throw Self.refusal("netDevices: this runtime moves no network interfaces") }
      if let hook = edit.hooks?.first {
        throw Self.refusal("the \(hook.hookName) hook \(hook.path): this runtime runs no hooks")
      }
      for variable in edit.env ?? [] {
        let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { throw Self.refusal("'\(variable)' is no variable") }
        environment.append(EnvironmentVariable(name: String(parts[0]), value: String(parts[1])))
      }
      for mount in edit.mounts ?? [] { mounts.append(Self.spec(mount)) }
      for node in edit.deviceNodes ?? [] { try add(node, user) }
      for group in edit.additionalGids ?? [] where group != 0 && !groups.contains(group) { groups.append(group) }
    }
  }

  private static func refusal(_ words: String) -> RuntimeError {
    RuntimeError(.failedPrecondition, "a CDI device asks for \(words)")
  }

  private static func spec(_ mount: CDISpec.Mount) -> MountSpec {
    var options = mount.options ?? ["nosuid", "nodev"]
    let type = mount.type ?? "bind"
    if type == "bind" || type.isEmpty, !options.contains("bind"), !options.contains("rbind") { options.append("rbind") }
    return MountSpec(
      destination: mount.containerPath, type: type.isEmpty ? "bind" : type, source: mount.hostPath, options: options)
  }

  private mutating func add(_ node: CDISpec.DeviceNode, _ user: (uid: UInt32, gid: UInt32)) throws(RuntimeError) {
    let host = node.hostPath ?? node.path
    var device = DeviceSpec(
      type: node.type ?? "", path: node.path, major: node.major, minor: node.minor, fileMode: node.fileMode, uid: node.uid,
      gid: node.gid)
    if device.type != "p", device.type.isEmpty || device.major == nil || device.minor == nil {
      guard let facts = FileFacts.at(host, followsLink: true), facts.kind == .characterDevice || facts.kind == .blockDevice else {
        throw Self.refusal("the device node \(host), which this node does not have")
      }
      if device.type.isEmpty { device.type = facts.kind == .blockDevice ? "b" : "c" }
      (device.major, device.minor) = (node.major ?? facts.major, node.minor ?? facts.minor)
      device.fileMode = node.fileMode ?? facts.mode
    }
    if device.uid == nil, user.uid != 0 { device.uid = user.uid }
    if device.gid == nil, user.gid != 0 { device.gid = user.gid }
    devices.append(device)
    nodes.append(Mount(containerPath: node.path, hostPath: host))
    if device.type == "b" || device.type == "c" {
      rules.append(
        ResourcesSpec.DeviceRule(
          allow: true, type: device.type, major: device.major.map(Int64.init), minor: device.minor.map(Int64.init),
          access: node.permissions ?? "rwm"))
    }
  }

  /// Host paths to be opened as the host has them.
  var binds: [Mount] {
    mounts.filter { $0.type == "bind" }.map { Mount(containerPath: $0.destination, hostPath: $0.source ?? "") }
  }
}
