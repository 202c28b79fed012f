internal import KubeModel

/// The pure part of the file source: what the directory's files mean, given what they meant before.
struct ManifestSet: Sendable {
  /// What a scan found at a path.
  enum Content: Sendable, Equatable {
    case bytes([UInt8])
    /// The file is there and cannot be read: the reason.
    case unreadable(String)
    /// A writer has it open: what was known of it holds.
    case beingWritten
  }

  private struct File: Sendable {
    var bytes: [UInt8]?
    var pods: [SourceSnapshot.DesiredPod] = []
    var error: String?
  }

  let node: String
  private var files: [String: File] = [:]
  /// Full pod name -> the path that runs it.
  private var owners: [String: String] = [:]
  private var told: Set<String> = []

  /// UID -> the full name of the pod that has it.
  private var holders: [String: String] = [:]
  /// The last good content by path, of an earlier life.
  private let remembered: [String: [UInt8]]

  init(node: String, remembered: [String: [UInt8]] = [:]) {
    self.node = node
    self.remembered = remembered
  }

  /// The content of every file that can be used as it is.
  var good: [String: [UInt8]] { files.compactMapValues { $0.error == nil ? $0.bytes : nil } }

  private func known(_ path: String, _ now: Time) -> File? {
    if let file = files[path] { return file }
    guard let bytes = remembered[path] else { return nil }
    let file = read(bytes, path: path, last: nil, now: now)
    return file.error == nil ? file : nil
  }

  /// - Parameter found: every manifest by path. A path that is missing takes its pods away.
  mutating func apply(_ found: [String: Content], now: Time) -> SourceSnapshot {
    var next: [String: File] = [:]
    for (path, content) in found {
      switch content {
      case .beingWritten: next[path] = known(path, now) ?? File()
      case .unreadable(let reason):
        var file = known(path, now) ?? File()
        (file.error, file.bytes) = (reason, nil)
        next[path] = file
      case .bytes(let bytes):
        if let known = files[path], known.bytes == bytes {
          next[path] = known
        } else {
          next[path] = read(bytes, path: path, last: known(path, now), now: now)
        }
      }
    }
    files = next
    return snapshot()
  }

  private func read(_ bytes: [UInt8], path: String, last: File?, now: Time) -> File {
    var file = File(bytes: bytes)
    var errors: [String] = []
    let written = ManifestDecoder.decode(bytes, file: path)
    for (result, source) in zip(ManifestDecoder.load(bytes, file: path), written) {
      guard let pod = result.pod, let original = source.pod else {
        errors += result.errors.map(\.description)
        continue
      }
      let forbidden = StaticPod.faults(pod, node: node)
      errors += forbidden.map { source.located($0).description }
      if !forbidden.isEmpty { continue }
      let hash = StaticPod.uid(of: original, node: "", source: "")
      // The same content keeps the moment it was first seen, so that touching a file changes nothing.
      let prepared: Pod
      if let known = last?.pods.first(where: { $0.contentHash == hash }) {
        prepared = known.pod
      } else {
        prepared = StaticPod.prepare(pod, node: node, source: "file:\(path)", seen: now)
      }
      file.pods.append(
        SourceSnapshot.DesiredPod(
          pod: prepared, path: path, contentHash: hash, degraded: nil, unsupported: UnsupportedFields.of(original)))
    }
    if !errors.isEmpty {
      file.error = errors.joined(separator: "\n")
      // All or nothing: a file with a fault keeps its last good pods, never half of the new ones beside half of the old.
      file.pods = last?.pods ?? []
    }
    return file
  }

  private mutating func snapshot() -> SourceSnapshot {
    var claims: [String: [SourceSnapshot.DesiredPod]] = [:]
    for path in files.keys.sorted() {
      for pod in files[path]?.pods ?? [] { claims[ManifestSet.name(pod.pod), default: []].append(pod) }
    }
    var events: [String: SourceSnapshot.Event] = [:]
    var pods: [SourceSnapshot.DesiredPod] = []
    var nextOwners: [String: String] = [:]
    for (name, candidates) in claims.sorted(by: { $0.key < $1.key }) {
      guard let chosen = candidates.first(where: { $0.path == owners[name] }) ?? candidates.first else { continue }
      nextOwners[name] = chosen.path
      if candidates.count > 1 {
        let others = candidates.filter { $0.path != chosen.path }.map(\.path)
        let rivals = others.isEmpty ? "the same file again" : others.joined(separator: ", ")
        add(
          .duplicatePod, "\(name) is defined in \(chosen.path) and in \(rivals); the one from \(chosen.path) runs", name,
          chosen.path)
      }
      let error = files[chosen.path]?.error
      pods.append(
        SourceSnapshot.DesiredPod(
          pod: chosen.pod, path: chosen.path, contentHash: chosen.contentHash, degraded: error, unsupported: chosen.unsupported))
      for field in chosen.unsupported { add(.unsupportedField, "\(field.path): \(field.reason)", name, chosen.path) }
    }
    owners = nextOwners
    pods = withoutRivals(pods) { add(.duplicatePod, $1, ManifestSet.name($0.pod), $0.path) }
    var degraded: [String: String] = [:]
    for (path, file) in files {
      guard let error = file.error else { continue }
      if file.pods.isEmpty { degraded[path] = error }
      let names = file.pods.map { ManifestSet.name($0.pod) }
      add(.invalidManifest, error + (names.isEmpty ? "" : "\nthe last good version keeps running"), names.first, path)
    }
    let new = events.filter { !told.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
    told = Set(events.keys)
    return SourceSnapshot(pods: pods.sorted { $0.path < $1.path }, events: new, degradedFiles: degraded)

    func add(_ reason: SourceSnapshot.Event.Reason, _ message: String, _ pod: String?, _ path: String) {
      events["\(path)\0\(reason.rawValue)\0\(pod ?? "")\0\(message)"] = SourceSnapshot.Event(
        reason: reason, message: message, pod: pod, path: path)
    }
  }

  /// Of two pods with one UID the one that had it runs.
  private mutating func withoutRivals(
    _ pods: [SourceSnapshot.DesiredPod], _ tell: (SourceSnapshot.DesiredPod, String) -> Void
  ) -> [SourceSnapshot.DesiredPod] {
    var chosen: [String: SourceSnapshot.DesiredPod] = [:]
    for pod in pods {
      let uid = pod.pod.metadata.uid ?? ""
      if chosen[uid] == nil || holders[uid] == Self.name(pod.pod) { chosen[uid] = pod }
    }
    holders = chosen.mapValues { Self.name($0.pod) }
    return pods.filter { pod in
      guard let winner = chosen[pod.pod.metadata.uid ?? ""], Self.name(winner.pod) != Self.name(pod.pod) else { return true }
      tell(
        pod,
        "\(Self.name(pod.pod)) has the UID \(pod.pod.metadata.uid ?? "") of \(Self.name(winner.pod)) in \(winner.path); it does not run"
      )
      return false
    }
  }

  private static func name(_ pod: Pod) -> String { "\(pod.metadata.namespace ?? "default")/\(pod.metadata.name ?? "")" }
}
