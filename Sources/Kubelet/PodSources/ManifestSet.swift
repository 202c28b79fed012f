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
  /// Full pod name -> what the files want under it, by path, then by place in the file.
  private var claims: [String: [SourceSnapshot.DesiredPod]] = [:]
  /// Full pod name -> the claim that has it.
  private var chosen: [String: SourceSnapshot.DesiredPod] = [:]
  /// UID -> the names of chosen pods that have it, and which of them is wanted: that of the name that had it first.
  private var rivals: [String: Set<String>] = [:]
  private var holders: [String: String] = [:]
  /// Full pod name -> what is wanted.
  private var wanted: [String: SourceSnapshot.DesiredPod] = [:]
  private var degraded: [String: String] = [:]
  /// What was told of a file or name that is still so.
  private var told: [String: Set<SourceSnapshot.Event>] = [:]
  /// The last good content by path, of an earlier life: of no account any more when everything was read once.
  private var remembered: [String: [UInt8]]

  init(node: String, remembered: [String: [UInt8]] = [:]) {
    self.node = node
    self.remembered = remembered
  }

  /// It is there without good content, and had none before that is known.
  func isBroken(_ path: String) -> Bool { degraded[path] != nil }

  /// The content of a file that can be used as it is.
  func good(_ path: String) -> [UInt8]? { files[path].flatMap { $0.error == nil ? $0.bytes : nil } }

  /// Every path that is there.
  var paths: Set<String> { Set(files.keys) }

  private func known(_ path: String, _ now: Time) -> File? {
    if let file = files[path] { return file }
    guard let bytes = remembered[path] else { return nil }
    let file = read(bytes, path: path, last: nil, now: now)
    return file.error == nil ? file : nil
  }

  /// - Parameter found: every manifest by path. A path that is missing takes its pods away.
  /// - Returns: all that is wanted.
  mutating func apply(_ found: [String: Content], now: Time) -> SourceSnapshot {
    var changes = found.mapValues { Optional($0) }
    for path in files.keys where found[path] == nil { changes[path] = .some(nil) }
    var snapshot = change(changes, now: now)
    var seen: Set<String> = []
    snapshot.pods = files.keys.sorted().flatMap { path in
      (files[path]?.pods ?? []).compactMap { pod in
        let name = Self.name(pod.pod)
        guard let winner = wanted[name], winner.path == path, seen.insert(name).inserted else { return nil }
        return winner
      }
    }
    snapshot.gone = nil
    remembered = [:]
    return snapshot
  }

  /// Some files are other ones, or gone (nil). The cost is that of these files and of what shares a name with them.
  /// - Returns: the pods that changed.
  mutating func change(_ changes: [String: Content?], now: Time) -> SourceSnapshot {
    var names: Set<String> = []
    var touched: [String] = []
    for (path, content) in changes {
      let old = files[path]
      switch content {
      case .bytes(let bytes)? where old?.bytes == bytes: continue
      case .beingWritten? where old != nil: continue
      default: break
      }
      let new = content.map { file($0, path, now) }
      files[path] = new
      touched.append(path)
      names.formUnion(claim(path, old?.pods ?? [], new?.pods ?? []))
    }
    let (pods, gone) = choose(names)
    var events: [SourceSnapshot.Event] = []
    for path in touched { events += tell("file:\(path)", fileEvents(path)) }
    // Of a name, and of those that it shares its UID with.
    let related = names.union(pods.flatMap { rivals[$0.pod.metadata.uid ?? ""] ?? [] })
    for name in related { events += tell("name:\(name)", nameEvents(name)) }
    return SourceSnapshot(
      pods: pods.sorted { $0.path < $1.path }, events: events.sorted { ($0.path, $0.message) < ($1.path, $1.message) },
      degradedFiles: degraded, gone: gone)
  }

  private func file(_ content: Content, _ path: String, _ now: Time) -> File {
    switch content {
    case .beingWritten: return known(path, now) ?? File()
    case .unreadable(let reason):
      var file = known(path, now) ?? File()
      (file.error, file.bytes) = (reason, nil)
      return file
    case .bytes(let bytes): return read(bytes, path: path, last: known(path, now), now: now)
    }
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

  // MARK: Names

  /// Takes a file's pods into the claims. Returns the names that are concerned.
  private mutating func claim(
    _ path: String, _ old: [SourceSnapshot.DesiredPod], _ new: [SourceSnapshot.DesiredPod]
  ) -> Set<String> {
    for pod in old {
      let name = Self.name(pod.pod)
      claims[name]?.removeAll { $0.path == path }
      if claims[name]?.isEmpty == true { claims[name] = nil }
    }
    for pod in new {
      var candidates = claims[Self.name(pod.pod)] ?? []
      candidates.insert(pod, at: candidates.firstIndex { $0.path > path } ?? candidates.count)
      claims[Self.name(pod.pod)] = candidates
    }
    return Set((old + new).map { Self.name($0.pod) })
  }

  /// Of two files with one name the one that has it runs; of two pods with one UID the one that had it.
  private mutating func choose(_ names: Set<String>) -> (changed: [SourceSnapshot.DesiredPod], gone: Set<PodUID>) {
    var uids: Set<String> = []
    for name in names {
      let old = chosen[name]
      let candidates = claims[name] ?? []
      var new = candidates.first { $0.path == old?.path } ?? candidates.first
      if let path = new?.path { new?.degraded = files[path]?.error }
      chosen[name] = new
      if let uid = old?.pod.metadata.uid {
        rivals[uid]?.remove(name)
        uids.insert(uid)
      }
      if let uid = new?.pod.metadata.uid {
        rivals[uid, default: []].insert(name)
        uids.insert(uid)
      }
    }
    var concerned = names
    for uid in uids {
      let group = rivals[uid] ?? []
      concerned.formUnion(group)
      if group.isEmpty { rivals[uid] = nil }
      if holders[uid].map({ !group.contains($0) }) ?? true { holders[uid] = group.min() }
    }
    var changed: [SourceSnapshot.DesiredPod] = []
    var gone: Set<PodUID> = []
    for name in concerned {
      let new = chosen[name].flatMap { holders[$0.pod.metadata.uid ?? ""] == name ? $0 : nil }
      let old = wanted[name]
      if old == new { continue }
      wanted[name] = new
      if let new { changed.append(new) }
      if let old { gone.insert(old.pod.podUID) }
    }
    return (changed, gone.filter { uid in holders[uid.rawValue].flatMap { wanted[$0]?.pod.podUID } != uid })
  }

  // MARK: Telling

  private mutating func tell(_ subject: String, _ events: Set<SourceSnapshot.Event>) -> [SourceSnapshot.Event] {
    let new = events.subtracting(told[subject] ?? [])
    told[subject] = events.isEmpty ? nil : events
    return Array(new)
  }

  private mutating func fileEvents(_ path: String) -> Set<SourceSnapshot.Event> {
    guard let file = files[path], let error = file.error else {
      degraded[path] = nil
      return []
    }
    degraded[path] = file.pods.isEmpty ? error : nil
    return [
      SourceSnapshot.Event(
        reason: .invalidManifest, message: error + (file.pods.isEmpty ? "" : "\nthe last good version keeps running"),
        pod: file.pods.first.map { Self.name($0.pod) }, path: path)
    ]
  }

  private func nameEvents(_ name: String) -> Set<SourceSnapshot.Event> {
    guard let winner = chosen[name] else { return [] }
    var events: Set<SourceSnapshot.Event> = []
    func add(_ reason: SourceSnapshot.Event.Reason, _ message: String) {
      events.insert(SourceSnapshot.Event(reason: reason, message: message, pod: name, path: winner.path))
    }
    let candidates = claims[name] ?? []
    if candidates.count > 1 {
      let others = candidates.filter { $0.path != winner.path }.map(\.path)
      let rivals = others.isEmpty ? "the same file again" : others.joined(separator: ", ")
      add(.duplicatePod, "\(name) is defined in \(winner.path) and in \(rivals); the one from \(winner.path) runs")
    }
    for field in winner.unsupported { add(.unsupportedField, "\(field.path): \(field.reason)") }
    let uid = winner.pod.metadata.uid ?? ""
    if let holder = holders[uid], holder != name {
      add(.duplicatePod, "\(name) has the UID \(uid) of \(holder) in \(chosen[holder]?.path ?? ""); it does not run")
    }
    return events
  }

  private static func name(_ pod: Pod) -> String { "\(pod.metadata.namespace ?? "default")/\(pod.metadata.name ?? "")" }
}
