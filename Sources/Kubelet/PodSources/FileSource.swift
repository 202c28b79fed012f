internal import Glibc
public import KubeModel
internal import LinuxSystem
public import Logging

/// Pods from `--pod-manifest-path`: a directory or one file, watched by inotify. Nothing is polled.
///
/// A file counts when its writer closed it or it was moved into place, and after `settle` without another event. What is watched: the
/// directory, every link on the way and its target's directory (ConfigMap-style `..data` swaps), or the nearest parent that exists.
public struct FileSource: Sendable {
  private let directory: ManifestDirectory
  private let node: String
  private let settle: Duration
  private let now: @Sendable () -> Time
  private let logger: Logger

  /// - Parameters:
  ///   - path: absolute.
  ///   - node: the node's name, part of each pod's name.
  ///   - settle: quiet time before the files are read.
  public init(
    path: String, node: String, settle: Duration = .milliseconds(100), logger: Logger,
    now: @escaping @Sendable () -> Time = { Time.now() }
  ) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    directory = ManifestDirectory(path: path)
    self.node = node
    self.settle = settle
    self.now = now
    self.logger = logger
  }

  /// The first snapshot comes at once (a missing path is an empty one), the next after each change. Ends when its reader stops.
  public func snapshots() -> AsyncStream<SourceSnapshot> {
    let (stream, continuation) = AsyncStream.makeStream(of: SourceSnapshot.self)
    let task = Task {
      do throws(SystemCallError) {
        try await run { continuation.yield($0) }
      } catch {
        let event = SourceSnapshot.Event(
          reason: .sourceUnavailable, message: error.description, pod: nil, path: directory.path)
        logger.error("Manifests cannot be watched", metadata: ["path": "\(directory.path)", "errno": "\(error.code)"])
        continuation.yield(SourceSnapshot(pods: [], events: [event], degradedFiles: [directory.path: error.description]))
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  private func run(_ yield: (SourceSnapshot) -> Void) async throws(SystemCallError) {
    let inotify = try Inotify()
    var watches = ManifestWatches(inotify: inotify)
    var manifests = ManifestSet(node: node)
    var events = inotify.events.makeAsyncIterator()
    var last: SourceSnapshot?
    while !Task.isCancelled {
      // Watch first, read afterwards: a change in between is seen twice rather than never.
      watches = await rewatch(watches)
      let (directory, writing) = (directory, watches.writing)
      let found = await runBlocking { directory.scan(writing: writing) }
      let snapshot = manifests.apply(found, now: now())
      if last?.pods != snapshot.pods || last?.degradedFiles != snapshot.degradedFiles || !snapshot.events.isEmpty {
        logger.debug("Manifests read", metadata: ["path": "\(directory.path)", "pods": "\(snapshot.pods.count)"])
        yield(snapshot)
      }
      last = snapshot
      // Waits without a timer until something that matters happened.
      while let event = await events.next() {
        if watches.note(event) { break }
      }
      if Task.isCancelled { return }
      try? await Task.sleep(for: settle)
    }
  }

  private func rewatch(_ watches: ManifestWatches) async -> ManifestWatches {
    let directory = directory
    return await runBlocking {
      var watches = watches
      // A directory may appear while its parent is being watched: until nothing changes.
      for _ in 0..<10 where watches.update(directory.interests()) {}
      return watches
    }
  }
}
