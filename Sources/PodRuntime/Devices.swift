import LinuxRuntime
import LinuxSystem
import OCISpec
import RuntimeAPI

/// Device nodes and their cgroup rules.
enum Devices {
  struct Resolved: Sendable {
    /// The nodes a container gets, the defaults among them.
    var specs = DefaultSpec.devices
    /// What its device cgroup lets through.
    var rules = DefaultSpec.deviceRules
    /// Those that were asked for, as mounts of the host's nodes: for who cannot make nodes.
    var nodes: [Mount] = []
  }

  static func resolve(_ devices: [Device], privileged: Bool) throws -> Resolved {
    var resolved = Resolved()
    if privileged {
      let all = try nodes(below: "/dev", as: "/dev")
        .filter { node in !DefaultSpec.devices.contains { $0.path == node.path } }
      resolved.specs += all
      resolved.rules = [ResourcesSpec.DeviceRule(allow: true, access: "rwm")]
      return resolved
    }
    for device in devices {
      let found = try nodes(at: device.hostPath, as: device.containerPath)
      if found.isEmpty {
        throw RuntimeError(.invalidArgument, "device \(device.hostPath) is neither a device nor a directory with devices")
      }
      resolved.specs += found
      resolved.nodes += found.map { node in
        Mount(containerPath: node.path, hostPath: device.hostPath + node.path.dropFirst(device.containerPath.count))
      }
      resolved.rules += found.map { node in
        ResourcesSpec.DeviceRule(
          allow: true, type: node.type, major: node.major.map(Int64.init), minor: node.minor.map(Int64.init),
          access: device.permissions)
      }
    }
    return resolved
  }

  private static func nodes(at path: String, as containerPath: String) throws -> [DeviceSpec] {
    guard let facts = try HostFiles.facts(path) else { return [] }
    switch facts.kind {
    case .characterDevice, .blockDevice:
      return [
        DeviceSpec(
          type: facts.kind == .blockDevice ? "b" : "c", path: containerPath, major: facts.major, minor: facts.minor,
          fileMode: facts.mode, uid: facts.uid, gid: facts.gid)
      ]
    case .directory: return try nodes(below: path, as: containerPath)
    default: return []
    }
  }

  /// What containers have of their own, and what leads out of a directory of devices.
  private static let skipped: Set<String> = ["pts", "shm", "mqueue", "fd", "console", "ptmx"]

  /// Links are left out: stdin, stdout and stderr lead to what the agent's own streams are, `fd` to whatever it has open, and a link in a
  /// circle would be followed for ever. Source: containerd, `getDevices`.
  private static func nodes(below path: String, as containerPath: String) throws -> [DeviceSpec] {
    try listDirectory(path).filter { !skipped.contains($0) }.sorted().flatMap { name -> [DeviceSpec] in
      // A node may vanish between the listing and the look.
      guard let kind = FileFacts.at("\(path)/\(name)")?.kind, kind != .symlink else { return [] }
      return (try? nodes(at: "\(path)/\(name)", as: "\(containerPath)/\(name)")) ?? []
    }
  }
}
