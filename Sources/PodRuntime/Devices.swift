import LinuxRuntime
import LinuxSystem
import OCISpec
import RuntimeAPI

/// Device nodes and their cgroup rules.
enum Devices {
  /// The nodes a container gets beside the defaults, and what its device cgroup lets through.
  static func resolve(_ devices: [Device], privileged: Bool) throws -> ([DeviceSpec], [ResourcesSpec.DeviceRule]) {
    if privileged {
      // Links are left out: stdin, stdout and stderr lead to what the agent's own streams are.
      let all = try nodes(
        below: "/dev", as: "/dev", skip: ["pts", "shm", "mqueue", "fd", "console", "ptmx"], followingLinks: false
      )
      .filter { node in !DefaultSpec.devices.contains { $0.path == node.path } }
      return (DefaultSpec.devices + all, [ResourcesSpec.DeviceRule(allow: true, access: "rwm")])
    }
    var specs = DefaultSpec.devices
    var rules = DefaultSpec.deviceRules
    for device in devices {
      let found = try nodes(at: device.hostPath, as: device.containerPath)
      if found.isEmpty {
        throw RuntimeError(.invalidArgument, "device \(device.hostPath) is neither a device nor a directory with devices")
      }
      specs += found
      rules += found.map { node in
        ResourcesSpec.DeviceRule(
          allow: true, type: node.type, major: node.major.map(Int64.init), minor: node.minor.map(Int64.init),
          access: device.permissions)
      }
    }
    return (specs, rules)
  }

  private static func nodes(at path: String, as containerPath: String) throws -> [DeviceSpec] {
    switch try FileKind.of(path) {
    case .device(let node):
      return [
        DeviceSpec(
          type: node.isBlock ? "b" : "c", path: containerPath, major: node.major, minor: node.minor, fileMode: node.mode,
          uid: node.uid, gid: node.gid)
      ]
    case .directory: return try nodes(below: path, as: containerPath, skip: [], followingLinks: true)
    case .other: return []
    }
  }

  private static func nodes(
    below path: String, as containerPath: String, skip: Set<String>, followingLinks: Bool
  ) throws -> [DeviceSpec] {
    try listDirectory(path).filter { !skip.contains($0) }.sorted().flatMap { name -> [DeviceSpec] in
      let isLink = FileNode.at("\(path)/\(name)") == .symbolicLink
      if isLink, !followingLinks { return [] }
      if FileNode.at("\(path)/\(name)") == .directory {
        return (try? nodes(below: "\(path)/\(name)", as: "\(containerPath)/\(name)", skip: [], followingLinks: followingLinks))
          ?? []
      }
      // A node may vanish between the listing and the look.
      return (try? nodes(at: "\(path)/\(name)", as: "\(containerPath)/\(name)")) ?? []
    }
  }
}
