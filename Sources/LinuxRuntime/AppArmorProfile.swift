/// AppArmor for containers: the runtime's default profile, and which profile a container gets. Pure.
public enum AppArmorProfile {
  public static let defaultName = "swiftlet-default"

  /// What was asked for. Source: CRI SecurityProfile.
  public enum Wish: Equatable, Sendable {
    case nothing
    case runtimeDefault
    case unconfined
    case localhost(String)
  }

  /// What the node has.
  public struct Node: Equatable, Sendable {
    public var isEnabled: Bool
    /// The default profile is loaded, or could be.
    public var hasDefault: Bool
    /// Names of what is loaded; nil: the list cannot be read, and the kernel is asked when the container starts.
    public var loaded: Set<String>?
    public init(isEnabled: Bool, hasDefault: Bool = false, loaded: Set<String>? = nil) {
      self.isEnabled = isEnabled
      self.hasDefault = hasDefault
      self.loaded = loaded
    }
  }

  /// The profile of a container, nil for none.
  ///
  /// Who says nothing gets the default where there is one, as containerd and CRI-O do it. What was asked for and cannot be had is an error:
  /// a protection is not left out silently.
  public static func choose(_ wish: Wish, privileged: Bool, node: Node) throws(LinuxRuntimeError) -> String? {
    switch wish {
    case .unconfined: return nil
    case .nothing: return node.isEnabled && node.hasDefault && !privileged ? defaultName : nil
    case .runtimeDefault:
      guard node.isEnabled else {
        throw LinuxRuntimeError(.unsupported, "an AppArmor profile was asked for, but AppArmor is not enabled on this node")
      }
      guard node.hasDefault else {
        throw LinuxRuntimeError(
          .unsupported, "AppArmor's RuntimeDefault was asked for, but the node has no apparmor_parser to load it: install apparmor")
      }
      return privileged ? nil : defaultName
    case .localhost(let name):
      guard node.isEnabled else {
        throw LinuxRuntimeError(.unsupported, "AppArmor profile '\(name)' was asked for, but AppArmor is not enabled on this node")
      }
      guard !name.isEmpty, name != "unconfined", !name.utf8.contains(where: { $0 < 0x20 }) else {
        throw LinuxRuntimeError(.invalidSpec, "'\(name)' is not the name of an AppArmor profile")
      }
      if let loaded = node.loaded, !loaded.contains(name) {
        throw LinuxRuntimeError(
          .unsupported, "AppArmor profile '\(name)' is not loaded on this node: apparmor_parser loads it, aa-status lists it")
      }
      return name
    }
  }

  /// Names in the kernel's list, whose lines are `name (mode)`; a name may have spaces.
  public static func names(inList text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").compactMap { line in
        guard let end = line.range(of: " (", before: line.endIndex) else { return nil }
        return String(line[..<end])
      })
  }

  /// The default profile in the language of apparmor.d(5), without files of a distribution's. It lets through what other means confine
  /// (capabilities, network, files of the container's own root), and denies what a mistake elsewhere would open: mounts, the kernel's
  /// settings in /proc and /sys, tracing of processes outside. The same limits as Docker's and containerd's default.
  public static let text = """
    profile \(defaultName) flags=(attach_disconnected,mediate_deleted) {
      network,
      capability,
      file,
      umount,

      signal (receive) peer=unconfined,
      signal (send,receive) peer=\(defaultName),
      ptrace (trace,read,tracedby,readby) peer=\(defaultName),

      deny mount,

      deny /proc/* w,
      deny /proc/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
      deny /proc/sys/[^k]** w,
      deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w,
      deny /proc/sysrq-trigger rwklx,
      deny /proc/kcore rwklx,

      deny /sys/[^f]*/** wklx,
      deny /sys/f[^s]*/** wklx,
      deny /sys/fs/[^c]*/** wklx,
      deny /sys/fs/c[^g]*/** wklx,
      deny /sys/fs/cg[^r]*/** wklx,
      deny /sys/firmware/** rwklx,
      deny /sys/devices/virtual/powercap/** rwklx,
      deny /sys/kernel/security/** rwklx,
    }

    """
}

extension Substring {
  /// Start of the last ` (` of a line.
  fileprivate func range(of text: String, before end: Index) -> Index? {
    var index = end
    while index > startIndex {
      index = self.index(before: index)
      if self[index...].hasPrefix(text) { return index }
    }
    return nil
  }
}
