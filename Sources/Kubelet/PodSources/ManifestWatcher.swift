internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Waits until a manifest may have changed: woken by inotify, and now and then by time, because a notification may be missing (a network
/// file system, a watch that could not be made). It never fails: without inotify only time wakes it, and inotify is tried again.
final class ManifestWatcher: Sendable {
  /// What to read.
  enum Change: Equatable, Sendable {
    /// These manifests, and nothing else.
    case files(Set<String>)
    case everything
  }

  private struct State {
    var watches: ManifestWatches?
    var arrived: [Inotify.Event] = []
    var isDue = false
  }

  private let directory: ManifestDirectory
  private let settle: Duration
  /// How often everything is read: while every watch works, and while one does not.
  private let relist: (watched: Duration, unwatched: Duration)
  private let state = Mutex(State())
  private let bell: AsyncStream<Void>
  private let ring: AsyncStream<Void>.Continuation

  init(directory: ManifestDirectory, settle: Duration, relist: (watched: Duration, unwatched: Duration)) {
    self.directory = directory
    self.settle = settle
    self.relist = relist
    (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// So many events are kept.
  static let most = 10_000

  /// Events that nobody has looked at yet.
  var pending: Int { state.withLock { $0.arrived.count } }

  /// Paths that a writer has open now.
  var writing: Set<String> { state.withLock { $0.watches?.writing ?? [] } }

  /// Brings the watches up to date with links and directories. Blocks.
  /// - Returns: why something cannot be watched.
  func update() -> SystemCallError? {
    do throws(SystemCallError) {
      if state.withLock({ $0.watches == nil }) {
        let inotify = try Inotify()
        state.withLock { $0.watches = ManifestWatches(inotify: inotify) }
        Task { [weak self] in
          for await event in inotify.events { self?.note(event) }
        }
      }
    } catch { return error }
    // A directory may appear while its parent is being watched: until nothing changes.
    for _ in 0..<10 {
      let wanted = directory.interests()
      guard state.withLock({ $0.watches?.update(wanted) ?? false }) else { break }
    }
    return state.withLock { $0.watches?.failure }
  }

  func note(_ event: Inotify.Event) {
    state.withLock { state in
      // Nobody looks: a file system that hangs. Then everything is read, as after a gap.
      if state.arrived.count >= Self.most { (state.arrived, state.isDue) = ([], true) }
      state.arrived.append(event)
    }
    ring.yield()
  }

  /// Returns when something that matters happened, or when it is time to look without a reason.
  func next() async throws -> Change {
    let isWatched = state.withLock { $0.watches != nil && $0.watches?.failure == nil }
    let alarm = Task {
      try await Alarm.sleep(for: isWatched ? relist.watched : relist.unwatched)
      state.withLock { $0.isDue = true }
      ring.yield()
    }
    defer { alarm.cancel() }
    for await _ in bell {
      var outcome = drain()
      // What goes may come back at once (an editor that replaces a file): then it was an edit.
      if outcome.needsSettling {
        try await Alarm.sleep(for: settle)
        outcome.merge(drain())
      }
      if let change = outcome.change { return change }
    }
    throw CancellationError()
  }

  private func drain() -> ManifestWatches.Outcome {
    state.withLock { state in
      let events = state.arrived
      if state.isDue { state.watches?.forgetWriters() }
      var outcome = ManifestWatches.Outcome(change: state.isDue ? .everything : nil)
      (state.arrived, state.isDue) = ([], false)
      for event in events { if let one = state.watches?.note(event, of: directory.path) { outcome.merge(one) } }
      return outcome
    }
  }
}
