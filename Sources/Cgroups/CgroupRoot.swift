import LinuxSystem

/// The node's cgroup v2 hierarchy.
public struct CgroupRoot: Sendable {
  /// Absolute path, without a trailing slash.
  public let mountPoint: String
  /// Usable: listed in the root's cgroup.controllers.
  public let controllers: Set<Controller>
  /// Held by cgroup v1 hierarchies and so out of reach.
  public let controllersOnlyInV1: Set<Controller>

  public init(mountPoint: String, controllers: Set<Controller>, controllersOnlyInV1: Set<Controller> = []) {
    self.mountPoint = mountPoint
    self.controllers = controllers
    self.controllersOnlyInV1 = controllersOnlyInV1
  }

  /// Finds the cgroup2 mount of this process's mount namespace: /sys/fs/cgroup (unified) or /sys/fs/cgroup/unified (hybrid), else
  /// another one. Read once at start: mounting or unmounting hierarchies later is not noticed.
  public static func discover() throws(CgroupError) -> CgroupRoot {
    let mounts = try attempt("find the cgroup v2 mount") { () throws(SystemCallError) in try readFile("/proc/self/mountinfo") }
    guard let mountPoint = mountPoint(mountInfo: mounts) else {
      throw CgroupError(.notFound, "no cgroup2 file system is mounted: mount one at /sys/fs/cgroup")
    }
    let usable = try attempt("read the cgroup v2 controllers") { () throws(SystemCallError) in
      Controller.list(try readFile("\(mountPoint)/cgroup.controllers"))
    }
    // Kernels without any v1 support need not have /proc/cgroups.
    let bound = Controller.boundToV1((try? readFile("/proc/cgroups")) ?? "")
    return CgroupRoot(mountPoint: mountPoint, controllers: usable, controllersOnlyInV1: bound.subtracting(usable))
  }

  /// - Parameter path: below the mount, with a leading slash; "/" is the mount itself. Repeated and trailing slashes do not matter.
  ///   A path with `..` fails at the first operation.
  public func cgroup(_ path: String) -> Cgroup {
    Cgroup(
      mountPoint: mountPoint, components: path.split(separator: "/").map(String.init).filter { $0 != "." }, usable: controllers)
  }

  /// Controllers that a limit in `resources` needs and this node cannot use. Weights and memory.oom.group are no limits:
  /// without their controller every container has the same weight anyway.
  public func missing(for resources: CgroupResources) -> [Controller] {
    let needed = resources.controllersOfLimits
    return Controller.allCases.filter { needed.contains($0) && !controllers.contains($0) }
  }

  /// Source: proc_pid_mountinfo(5): field 5 is the mount point, the type follows the " - " separator.
  static func mountPoint(mountInfo: String) -> String? {
    let mounts = mountInfo.split(separator: "\n").compactMap { line -> String? in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, fields[dash + 1] == "cgroup2", fields.count > 4 else {
        return nil
      }
      return unescape(fields[4])
    }
    return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first(where: mounts.contains) ?? mounts.first
  }

  /// mountinfo writes space, tab, newline and backslash as `\` and three octal digits.
  private static func unescape(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = field.utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
