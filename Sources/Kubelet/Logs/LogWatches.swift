internal import Glibc
internal import LinuxSystem
internal import RuntimeAPI
internal import Synchronization

/// Which logs are to be looked at: those that were touched since they were armed. Each tells once that it was written to, renamed or
/// removed, and then no more until it is armed again: a container that writes without end wakes the agent once for each look, and one that
/// is silent never.
final class LogWatches: Sendable {
  private struct State {
    var inotify: Inotify?
    var armed: [ContainerID: Int32] = [:]
    var owners: [Int32: ContainerID] = [:]
    var touched: Set<ContainerID> = []
    /// Watches that are being made, and those that told something before it was known whose they are.
    var making = 0
    var early: Set<Int32> = []
  }
  private let state = Mutex(State())
  /// Rings when some are touched. One consumer.
  let bell: AsyncStream<Void>
  private let ring: AsyncStream<Void>.Continuation

  init() { (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

  func touch(_ id: ContainerID) {
    state.withLock { _ = $0.touched.insert(id) }
    ring.yield()
  }

  func takeTouched() -> Set<ContainerID> {
    state.withLock { state in
      defer { state.touched = [] }
      return state.touched
    }
  }

  /// Blocks. What happens to the file from now on is told.
  /// - Returns: whether it is; if not, somebody has to look by himself.
  func arm(_ id: ContainerID, _ path: String) -> Bool {
    guard let inotify = start() else { return false }
    let mask = UInt32(IN_MODIFY | IN_MOVE_SELF | IN_ATTRIB | IN_DONT_FOLLOW) | 0x8000_0000  // IN_ONESHOT
    state.withLock { $0.making += 1 }
    // Not under the lock, which workers take: the file system may hang.
    let watch = try? inotify.watch(path, mask)
    let isEarly = state.withLock { state -> Bool in
      state.making -= 1
      defer { if state.making == 0 { state.early = [] } }
      guard let watch else { return false }
      if state.early.remove(watch) != nil { return true }
      if let old = state.armed[id], old != watch {
        state.owners[old] = nil
        inotify.remove(old)
      }
      (state.armed[id], state.owners[watch]) = (watch, id)
      return false
    }
    if isEarly { touch(id) }
    return watch != nil
  }

  func disarm(_ id: ContainerID) {
    state.withLock { state in
      state.touched.remove(id)
      guard let watch = state.armed.removeValue(forKey: id) else { return }
      state.owners[watch] = nil
      state.inotify?.remove(watch)
    }
  }

  private func start() -> Inotify? {
    let (inotify, isNew) = state.withLock { state -> (Inotify?, Bool) in
      if let inotify = state.inotify { return (inotify, false) }
      state.inotify = try? Inotify()
      return (state.inotify, true)
    }
    // Ends with the last reference to it.
    if let inotify, isNew {
      let events = inotify.events
      Task { [weak self] in for await event in events { self?.note(event) } }
    }
    return inotify
  }

  private func note(_ event: Inotify.Event) {
    let isTouched = state.withLock { state in
      if event.watch < 0 {
        // Events were lost: any of them may have been touched.
        state.touched.formUnion(state.armed.keys)
        return true
      }
      guard let id = state.owners.removeValue(forKey: event.watch) else {
        if state.making > 0, event.mask & UInt32(IN_IGNORED) == 0 { state.early.insert(event.watch) }
        return false
      }
      state.armed[id] = nil
      state.touched.insert(id)
      return true
    }
    if isTouched { ring.yield() }
  }
}
