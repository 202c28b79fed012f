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
  /// Paths that were created or modified and not yet closed. Not each of them has a writer that will close it: a file may be truncated by
  /// its path, or be linked into place without a name before.
  private(set) var writing: Set<String> = []

  /// Why a directory is not watched.
  private(set) var failure: SystemCallError?

  init(inotify: Inotify) { self.inotify = inotify }

  /// - Returns: whether anything changed; then look again, for what appeared before the watch did.
  mutating func update(_ wanted: [String: ManifestDirectory.Interest]) -> Bool {
    if wanted == interests, wanted.keys.allSatisfy({ numbers[$0] != nil }) { return false }
    failure = nil
    for (path, number) in numbers where wanted[path] == nil {
      inotify.remove(number)
      numbers[path] = nil
    }
    for (path, interest) in wanted where interests[path] != interest || numbers[path] == nil {
      let mask =
        interest == ManifestDirectory.Interest() ? ManifestWatches.itself : ManifestWatches.itself | ManifestWatches.entries
      do throws(SystemCallError) {
        numbers[path] = try inotify.watch(path, mask | UInt32(IN_ONLYDIR))
      } catch {
        numbers[path] = nil
        // One that went meanwhile will be found missing.
        if error.code != ENOENT, error.code != ENOTDIR { failure = error }
      }
    }
    let isChanged = wanted != interests || failure == nil
    interests = wanted
    return isChanged
  }

  /// What events mean together.
  struct Outcome: Sendable {
    var change: ManifestWatcher.Change?
    /// Something went away.
    var needsSettling = false

    mutating func merge(_ other: Outcome) {
      needsSettling = needsSettling || other.needsSettling
      switch (change, other.change) {
      case (_, nil): break
      case (nil, let new): change = new
      case (.files(let old), .files(let new)): change = .files(old.union(new))
      default: change = .everything
      }
    }
  }

  /// What nobody has closed for so long has no writer.
  mutating func forgetWriters() { writing = [] }

  /// Takes an event in.
  /// - Parameter manifests: the path of the manifests as it was given, links included.
  mutating func note(_ event: Inotify.Event, of manifests: String) -> Outcome {
    let mask = event.mask
    if mask & UInt32(IN_Q_OVERFLOW) != 0 {
      writing = []
      return Outcome(change: .everything)
    }
    guard let path = numbers.first(where: { $0.value == event.watch })?.key else { return Outcome() }
    if mask & (UInt32(IN_IGNORED) | ManifestWatches.itself) != 0 {
      // The watch sits on an inode, not on a path: whoever is at the path now needs a new one.
      if mask & UInt32(IN_IGNORED) == 0 { inotify.remove(event.watch) }
      numbers[path] = nil
      // Who writes there closes a file that is nobody's manifest any more.
      let directory = interests[path]?.manifests == true ? manifests : path
      writing = writing.filter { !$0.hasPrefix("\(directory)/") }
      return Outcome(change: .everything, needsSettling: true)
    }
    guard let interest = interests[path], interest.includes(event.name) else { return Outcome() }
    let place = path == "/" ? "/\(event.name)" : "\(path)/\(event.name)"
    let node = FileFacts.at(place)
    // The manifest's own name, as a scan gives it.
    let file = interest.manifests ? "\(manifests)/\(event.name)" : place
    if mask & UInt32(IN_CREATE | IN_MODIFY) != 0, mask & UInt32(IN_ISDIR) == 0 {
      // A new regular file has a writer that will close it. A link, also a hard one, is complete at once.
      if node?.kind == .file, node?.links == 1 {
        writing.insert(file)
        return Outcome()
      }
    }
    if mask & UInt32(IN_ATTRIB) == 0 { writing.remove(file) }
    let isGone = mask & UInt32(IN_DELETE | IN_MOVED_FROM) != 0
    // A link may lead elsewhere now: other directories are to be watched. Where there is none, what went was none either.
    if interest.manifests, interest.names.isEmpty {
      if node?.kind == .file { return Outcome(change: .files([file]), needsSettling: isGone) }
      if node == nil, interests.values.allSatisfy(\.names.isEmpty) { return Outcome(change: .files([file]), needsSettling: isGone) }
    }
    return Outcome(change: .everything, needsSettling: isGone)
  }
}
