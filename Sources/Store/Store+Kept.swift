import LinuxSystem
import Synchronization

/// A database that is lost or damaged costs a node its images and its pods: so a copy is kept beside it.
extension Store {
  private enum Found {
    case whole(Store)
    case damaged(String)
    /// Nothing is there, or an empty file.
    case gone
  }

  /// Opens the database at `path`, after a look whether it is whole. One that is damaged is moved aside, and the copy at `copy` takes its
  /// place, as it does when there is none or an empty one; without a copy it begins empty. One that cannot be read stays where it is.
  /// - Parameters:
  ///   - delay: how old the copy may become, see `copySoon`.
  ///   - warn: hears, as a sentence, of a copy that could not be made.
  /// - Returns: the store, and a sentence when not all is as it was left.
  public static func open(
    _ path: String, copy: String, delay: Duration = .seconds(60), warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(StoreError) -> (store: Store, notice: String?) {
    let (store, notice) = try open(path, orCopy: copy)
    store.kept.withLock { $0 = DatabaseCopy(of: path, at: copy, delay: delay, warn: warn) }
    // One that was damaged, is gone, or was never made.
    store.copySoon()
    return (store, notice)
  }

  private static func open(_ path: String, orCopy copy: String) throws(StoreError) -> (store: Store, notice: String?) {
    let problem: String?
    switch try look(path) {
    case .whole(let store): return (store, nil)
    case .damaged(let damage): problem = "the database was damaged (\(damage)) and is now \(path).damaged"
    case .gone: problem = nil
    }
    // Before anything is moved: a copy that cannot be read today may be read tomorrow.
    let kept = try look(copy)
    let sentence = problem ?? "the database was gone"
    do {
      for suffix in ["", "-wal", "-shm"] where try size(path + suffix) > 0 {
        try replaceFile(path + suffix + ".damaged", with: path + suffix)
      }
      switch kept {
      case .whole(let copied):
        let age = try age(copy)
        // A copy of the copy: the next start may need it again.
        try copied.copy(to: path)
        return (
          try Store(path: path),
          "\(sentence): the kept copy took its place, which is \(age) s old; what was written after it is lost, but for pods that run"
        )
      case .damaged:
        return (try Store(path: path), "\(sentence), and the kept copy is damaged too: it begins empty")
      case .gone:
        return (try Store(path: path), problem.map { "\($0), and no copy is kept: it begins empty" })
      }
    } catch {
      throw StoreError(.cannotOpen, "\(sentence), and the copy \(copy) cannot take its place", cause: error)
    }
  }

  /// - Throws: `.cannotOpen` for whatever is neither damage nor absence. A failing disk, or too many open files, must not pass for a
  ///   database that is gone: it may hold everything.
  private static func look(_ path: String) throws(StoreError) -> Found {
    do {
      if try size(path) == 0 { return .gone }
      let store = try Store(path: path)
      return if let damage = try store.damage().first { .damaged(damage) } else { .whole(store) }
    } catch let error as StoreError where error.code == .damaged {
      return .damaged("\(error)")
    } catch {
      throw StoreError(.cannotOpen, "cannot tell whether the database \(path) is whole", cause: error)
    }
  }

  /// Seconds since it was made.
  private static func age(_ path: String) throws(SystemCallError) -> Int64 {
    let made = try HostFiles.facts(path)?.modified ?? 0
    return max(0, (wallClockNanoseconds() - made) / 1_000_000_000)
  }

  /// Zero when nothing is there. What is no file is never empty.
  private static func size(_ path: String) throws(SystemCallError) -> Int64 {
    guard let facts = try HostFiles.facts(path, followsLink: false) else { return 0 }
    return facts.kind == .file ? facts.size : max(facts.size, 1)
  }
}
