import Glibc
import LinuxSystem
import Synchronization

/// Looks at a directory of configurations whenever something in it changes. No thread and no timer waits: the kernel tells (inotify(7)).
public final class CNIWatch: Sendable {
  private let directory: CNIDirectory
  private let changed: @Sendable (CNIDirectory.View) -> Void
  private let task: Mutex<Task<Void, Never>?> = Mutex(nil)
  private static let events = UInt32(
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

  /// - Parameter changed: hears of each view that differs from the one before.
  public init(_ directory: CNIDirectory, changed: @escaping @Sendable (CNIDirectory.View) -> Void) {
    (self.directory, self.changed) = (directory, changed)
  }

  deinit { task.withLock { $0?.cancel() } }

  /// A look now, for those who need to know; it begins the watch where there is none (any more) and the directory is there. Blocks for as
  /// long as the directory does.
  @discardableResult
  public func look() -> CNIDirectory.View {
    task.withLock { task in
      guard task == nil else { return }
      // Before the look: what changes after it is an event. Without inotify each look tells what is new.
      guard let inotify = try? Inotify(), (try? inotify.watch(directory.path, Self.events)) != nil else { return }
      task = Task { [weak self] in
        for await event in inotify.events {
          guard let self else { return }
          let isOver = event.mask & UInt32(IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF) != 0
          if isOver { self.task.withLock { $0 = nil } }
          await runBlocking(.manifests) { _ = self.lookNow(again: true) }
          if isOver { return }
        }
      }
    }
    return lookNow(again: false)
  }

  private func lookNow(again: Bool) -> CNIDirectory.View {
    let (view, isNew) = directory.look(again: again)
    if isNew { changed(view) }
    return view
  }
}
