internal import Glibc
public import KubeModel
internal import LinuxSystem
public import Logging
public import Store

/// Pods from `--pod-manifest-path`: a directory or one file, watched by inotify, and read again from time to time in case a notification
/// was missing.
///
/// A file counts as soon as its writer closed it or it was moved into place; one that went away counts after `settle`. What is watched:
/// the directory, every link on the way and its target's directory (ConfigMap-style `..data` swaps), or the nearest parent that exists.
public struct FileSource: Sendable {
  private let directory: ManifestDirectory
  private let node: String
  private let settle: Duration
  private let relist: (watched: Duration, unwatched: Duration)
  private let store: Store?
  private let now: @Sendable () -> Time
  private let logger: Logger
  /// Whether the last reading came to an end.
  public let progress = Progress("the reading of manifests")

  /// - Parameters:
  ///   - path: absolute.
  ///   - node: the node's name, part of each pod's name.
  ///   - settle: how long a file may be away while it is replaced.
  ///   - store: where the last good content of each file is kept; nil: nowhere.
  ///   - checkFrequency: how often everything is read where notifications do not work (`fileCheckFrequency`).
  public init(
    path: String, node: String, settle: Duration = .milliseconds(100), checkFrequency: Duration = .seconds(20),
    store: Store? = nil, logger: Logger,
    now: @escaping @Sendable () -> Time = { Time.now() }
  ) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    directory = ManifestDirectory(path: path)
    self.node = node
    self.settle = settle
    // Notifications are reliable on the file systems they work on: without them the files would be read this often for nothing.
    relist = (max(checkFrequency, .seconds(300)), max(checkFrequency, .milliseconds(10)))
    self.store = store
    self.now = now
    self.logger = logger
  }

  /// What changes, from the first reading on. Ends when its reader stops.
  public func news() -> AsyncStream<SourceNews> {
    let (stream, continuation) = AsyncStream.makeStream(of: SourceNews.self)
    let task = Task {
      var difference = SourceDifference()
      try? await run { continuation.yield(difference.news($0)) }
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  /// The first snapshot comes as soon as the path can be read (a missing path is an empty one) and names everything; the next after each
  /// change, and names what changed. A path that cannot be read changes nothing. Ends when its reader stops.
  func snapshots() -> AsyncStream<SourceSnapshot> {
    let (stream, continuation) = AsyncStream.makeStream(of: SourceSnapshot.self)
    let task = Task {
      try? await run { continuation.yield($0) }
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  private func run(_ yield: (SourceSnapshot) -> Void) async throws {
    let directory = directory
    let watcher = ManifestWatcher(directory: directory, settle: settle, relist: relist)
    var memory = store.map { ManifestMemory($0, logger: logger) }
    await memory?.load()
    let remembered = memory?.contents ?? [:]
    var manifests = ManifestSet(node: node, remembered: remembered)
    var change = ManifestWatcher.Change.everything
    var isFirst = true
    // Files that had no good content when an agent read them that remembers nothing.
    var unexplained: Set<String> = []
    var failures = 0
    var told: String?
    var noticed = ContinuousClock.now
    while !Task.isCancelled {
      let found: [String: ManifestSet.Content?]
      do throws(SystemCallError) {
        found = try await read(change, directory, watcher)
      } catch {
        failures += 1
        if told != error.description {
          told = error.description
          logger.error("Manifests cannot be read", metadata: ["path": "\(directory.path)", "error": "\(error)"])
          let message = "\(directory.path) cannot be read; its pods stay as they are: \(error)"
          let event = SourceSnapshot.Event(reason: .sourceUnavailable, message: message, pod: nil, path: directory.path)
          if isFirst, !remembered.isEmpty {
            // Never read by this agent: what was wanted last is wanted still.
            var old = manifests.apply(remembered.mapValues { .bytes($0) }, now: now())
            old.isPartial = true
            isFirst = false
            yield(old)
          }
          yield(SourceSnapshot(pods: [], events: [event], degradedFiles: [:], isUnreadable: true))
        }
        try await Task.sleep(for: .seconds(min(20, 1 << min(failures - 1, 5))))
        change = .everything
        continue
      }
      (failures, told) = (0, nil)
      var snapshot: SourceSnapshot
      if case .everything = change {
        snapshot = manifests.apply(found.compactMapValues { $0 }, now: now())
        // The first agent that remembers: a broken file may be that of a pod which an earlier one left, as long as it is broken.
        if isFirst, remembered.isEmpty, memory != nil { unexplained = Set(snapshot.degradedFiles.keys) }
        unexplained = unexplained.filter { manifests.isBroken($0) }
        snapshot.isPartial = !unexplained.isEmpty
      } else {
        snapshot = manifests.change(found, now: now())
      }
      snapshot.noticed = noticed
      logger.debug("Manifests read", metadata: ["path": "\(directory.path)", "pods": "\(snapshot.pods.count)"])
      isFirst = false
      if snapshot.gone == nil || !snapshot.isEmpty { yield(snapshot) }
      if case .everything = change {
        await keep(manifests, manifests.paths, gone: (memory?.contents ?? [:]).keys.filter { found[$0] == nil }, &memory)
      } else {
        await keep(manifests, Set(found.keys), gone: found.filter { $0.value == nil }.map(\.key), &memory)
      }
      if !unexplained.isEmpty, !unexplained.contains(where: { manifests.isBroken($0) }) {
        // Now everything can be said.
        change = .everything
      } else {
        change = try await watcher.next()
      }
      noticed = .now
    }
  }

  /// Everything, or what is at some paths; nil: nothing is there.
  private func read(
    _ change: ManifestWatcher.Change, _ directory: ManifestDirectory, _ watcher: ManifestWatcher
  ) async throws(SystemCallError) -> [String: ManifestSet.Content?] {
    let logger = logger
    progress.began()
    defer { progress.ended() }
    return try await runBlocking(.manifests) { () throws(SystemCallError) -> [String: ManifestSet.Content?] in
      if case .files(let paths) = change {
        let writing = watcher.writing
        return Dictionary(uniqueKeysWithValues: paths.map { ($0, directory.content($0, writing: writing)) })
      }
      // Watch first, read afterwards: a change in between is seen twice rather than never.
      if let failure = watcher.update() {
        logger.warning("Manifests cannot be watched", metadata: ["path": "\(failure.subject)", "errno": "\(failure.code)"])
      }
      return try directory.scan(writing: watcher.writing).mapValues { $0 }
    }
  }

  private func keep(_ manifests: ManifestSet, _ paths: Set<String>, gone: [String], _ memory: inout ManifestMemory?) async {
    var good: [String: [UInt8]] = [:]
    for path in paths { good[path] = manifests.good(path) }
    await memory?.keep(good, gone: gone)
  }
}
