internal import Glibc
internal import LinuxSystem

/// The inotify watches of the file source and what their events mean.
struct ManifestWatches: Sendable {
  private static let entries: UInt32 =
    UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_MODIFY | IN_ATTRIB)
  private static let itself: UInt32 = UInt32(IN_DELETE_SELF | IN_MOVE_SELF)

  let inotify: Inotify
  private var numbers: [String: Int32] = [:]
  private var interests: [String: ManifestDirectory.Interest] = [:]
  /// Paths that were created or modified and not yet closed.
  private(set) var writing: Set<String> = []

  init(inotify: Inotify) { self.inotify = inotify }

  /// - Returns: whether anything changed; then look again, for what appeared before the watch did.
  mutating func update(_ wanted: [String: ManifestDirectory.Interest]) -> Bool {
    if wanted == interests, wanted.keys.allSatisfy({ numbers[$0] != nil }) { return false }
    for (path, number) in numbers where wanted[path] == nil {
      inotify.remove(number)
      numbers[path] = nil
    }
    for (path, interest) in wanted where interests[path] != interest || numbers[path] == nil {
      let mask =
        interest == ManifestDirectory.Interest() ? ManifestWatches.itself : ManifestWatches.itself | ManifestWatches.entries
      numbers[path] = try? inotify.watch(path, mask | UInt32(IN_ONLYDIR))
    }
    interests = wanted
    return true
  }

  /// Takes an event in.
  /// - Returns: whether the files have to be read again.
  mutating func note(_ event: Inotify.Event) -> Bool {
    let mask = event.mask
    if mask & UInt32(IN_Q_OVERFLOW) != 0 {
      writing = []
      return true
    }
    guard let path = numbers.first(where: { $0.value == event.watch })?.key else { return false }
    if mask & (UInt32(IN_IGNORED) | ManifestWatches.itself) != 0 {
      // The watch sits on an inode, not on a path: whoever is at the path now needs a new one.
      if mask & UInt32(IN_IGNORED) == 0 { inotify.remove(event.watch) }
      numbers[path] = nil
      return true
    }
    guard interests[path]?.includes(event.name) == true else { return false }
    let file = path == "/" ? "/\(event.name)" : "\(path)/\(event.name)"
    if mask & UInt32(IN_CREATE | IN_MODIFY) != 0, mask & UInt32(IN_ISDIR) == 0 {
      // A new regular file has a writer that will close it. A link, also a hard one, is complete at once.
      if case .regular(_, links: 1)? = FileNode.at(file) {
        writing.insert(file)
        return false
      }
    }
    if mask & UInt32(IN_ATTRIB) == 0 { writing.remove(file) }
    return true
  }
}
