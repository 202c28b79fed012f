/// Where a pod's files are. Source: kubelet directory layout.
struct PodPaths: Sendable, Equatable {
  /// The kubelet's root directory, e.g. /var/lib/swiftlet.
  let root: String
  let logs: String
  let uid: PodUID
  let namespace: String
  let name: String

  var pod: String { "\(root)/pods/\(uid)" }
  var volumes: String { "\(pod)/volumes" }
  func volume(plugin: String, _ name: String) -> String { "\(volumes)/kubernetes.io~\(plugin)/\(name)" }
  /// What was done to a volume.
  func volumeRecord(_ name: String) -> String { "\(pod)/plugins/\(name)/record" }
  var subPaths: String { "\(pod)/volume-subpaths" }
  /// - Parameter index: of the mount in its container.
  func subPath(volume: String, container: String, index: Int) -> String { "\(subPaths)/\(volume)/\(container)/\(index)" }
  var hostsFile: String { "\(pod)/etc-hosts" }
  func container(_ name: String) -> String { "\(pod)/containers/\(name)" }
  /// A new file for each run, so that an old message is never taken for a new one.
  func terminationLog(_ name: String, attempt: UInt32) -> String {
    let digits = String(attempt, radix: 16)
    return "\(container(name))/" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
  var logDirectory: String { "\(logs)/\(namespace)_\(name)_\(uid)" }
  /// Of a run of a container, below `logs`.
  func log(_ container: String, attempt: UInt32) -> String {
    "\(namespace)_\(name)_\(uid)/\(Self.logPath(container, attempt: attempt))"
  }
  static func logPath(_ container: String, attempt: UInt32) -> String { "\(container)/\(attempt).log" }
  var seccomp: String { "\(root)/seccomp" }
}
