/// A cgroup v2 resource controller; raw values are the kernel's names in cgroup.controllers.
public enum Controller: String, CaseIterable, Sendable, CustomStringConvertible {
  case cpu, cpuset, memory, io, pids, hugetlb, rdma, misc

  public var description: String { rawValue }

  /// The controllers in the text of cgroup.controllers or cgroup.subtree_control; names not known here are left out.
  static func list(_ text: String) -> Set<Controller> {
    Set(text.split(whereSeparator: \.isWhitespace).compactMap { Controller(rawValue: String($0)) })
  }

  /// Controllers that /proc/cgroups shows bound to a v1 hierarchy (hierarchy number not 0). v1 calls io "blkio".
  /// Source: cgroups(7), "/proc files".
  static func boundToV1(_ procCgroups: String) -> Set<Controller> {
    var result: Set<Controller> = []
    for line in procCgroups.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count >= 2, fields[1] != "0" else { continue }
      if let controller = Controller(rawValue: fields[0] == "blkio" ? "io" : String(fields[0])) { result.insert(controller) }
    }
    return result
  }
}
