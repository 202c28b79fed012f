import Glibc

/// The mount a path lies on, as this process's mount namespace has it.
public struct MountFacts: Equatable, Sendable {
  /// As mountinfo writes it: odd characters escaped.
  public let mountPoint: String
  public let isShared: Bool
  public let isSlave: Bool

  /// Symbolic links are followed. nil: the mount is not in the list, e.g. hidden by a chroot.
  public static func of(_ path: String) throws(SystemCallError) -> MountFacts? {
    let place = OwnedDescriptor(
      adopting: try systemCall("open", on: path) { unsafe open(path, ConfinedDirectory.pathFlag | O_CLOEXEC) })
    let description = try place.withRaw { (raw: CInt) throws(SystemCallError) -> String in try readFile("/proc/self/fdinfo/\(raw)")
    }
    guard let line = description.split(separator: "\n").first(where: { $0.hasPrefix("mnt_id:") }) else { return nil }
    return find(mount: line.dropFirst(7).filter { $0.isNumber }, in: try readFile("/proc/self/mountinfo"))
  }

  /// Source: proc_pid_mountinfo(5): id, parent, device, root, mount point, options, tagged fields until `-`.
  static func find(mount: String, in mountInfo: String) -> MountFacts? {
    for line in mountInfo.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 6, fields[0] == mount else { continue }
      let tags = fields[6...].prefix { $0 != "-" }
      return MountFacts(
        mountPoint: String(fields[4]), isShared: tags.contains { $0.hasPrefix("shared:") },
        isSlave: tags.contains { $0.hasPrefix("master:") })
    }
    return nil
  }
}
