internal import KubeModel
internal import LinuxSystem

/// Links to the logs of containers under names that say pod, namespace, container and id, where collectors of logs look for them:
/// /var/log/containers. Source: kubelet kuberuntime `legacyLogSymlink`.
struct LogLinks: Sendable {
  /// nil: none are made.
  let directory: String?
  private let logs: String

  /// - Parameter logs: `podLogsDir`. One that is called `pods`, as /var/log/pods is, has its links in `containers` beside it.
  init(logs: String) {
    self.logs = logs
    directory = logs.hasSuffix("/pods") ? logs.dropLast("pods".count) + "containers" : nil
  }

  static func name(_ paths: PodPaths, container: String, id: String) -> String {
    // 255 bytes are the most of a file's name.
    String("\(paths.name)_\(paths.namespace)_\(container)-\(id)".prefix(251)) + ".log"
  }

  /// Blocks. There already: no effect.
  func make(_ paths: PodPaths, container: String, id: String, attempt: UInt32) throws(SystemCallError) {
    guard let directory else { return }
    let link = "\(directory)/\(Self.name(paths, container: container, id: id))"
    if try HostFiles.facts(link, followsLink: false) != nil { return }
    try makeDirectory(directory, mode: 0o755, parents: 0o755)
    try HostFiles.link("\(paths.logDirectory)/\(PodPaths.logPath(container, attempt: attempt))", at: link)
  }

  /// Blocks. That of a run whose log is gone.
  func remove(_ paths: PodPaths, container: String, id: String) throws(SystemCallError) {
    if let directory { try removeTree("\(directory)/\(Self.name(paths, container: container, id: id))") }
  }

  /// Blocks. All of a pod whose logs are gone.
  func remove(_ paths: PodPaths) throws(SystemCallError) {
    try remove("\(paths.name)_\(paths.namespace)_") { target throws(SystemCallError) in target.hasPrefix("\(paths.logDirectory)/") }
  }

  /// Blocks. Those of pods that are no more. Of a pod that lives none: a log that is being rotated is away for a moment.
  func sweep() throws(SystemCallError) {
    try remove("") { target throws(SystemCallError) in
      guard target.hasPrefix("\(logs)/"), let pod = target.dropFirst(logs.count + 1).split(separator: "/").first else {
        return false
      }
      return try HostFiles.facts("\(logs)/\(pod)") == nil
    }
  }

  private func remove(_ prefix: String, where isDead: (String) throws(SystemCallError) -> Bool) throws(SystemCallError) {
    guard let directory, try HostFiles.facts(directory) != nil else { return }
    for name in try listDirectory(directory) where name.hasPrefix(prefix) {
      let link = "\(directory)/\(name)"
      guard let target = try? HostFiles.linkTarget(link), try isDead(target) else { continue }
      try removeTree(link)
    }
  }
}
