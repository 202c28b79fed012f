import LinuxSystem

/// A copy of the database, at most a minute older than the last change that a node should not lose. Nothing happens on an idle node.
final class DatabaseCopy: Sendable {
  private let drain: Drain
  private let path: String
  private let target: String
  private let warn: @Sendable (String) -> Void

  /// - Parameter warn: hears, as a sentence, of a copy that could not be made; the next one is tried after the same time.
  init(of path: String, at target: String, delay: Duration, warn: @escaping @Sendable (String) -> Void) {
    drain = Drain(delay: delay, retryDelay: max(delay, .seconds(1)))
    self.path = path
    self.target = target
    self.warn = warn
  }

  func changed() {
    drain.wake { [path, target, warn] in
      do {
        try await runBlocking { () throws(StoreError) in try Self.make(of: path, at: target) }
      } catch {
        warn("\(error)")
        throw error
      }
    }
  }

  static func make(of path: String, at target: String) throws(StoreError) {
    let partial = target + ".partial"
    do {
      try removeTree(partial)
      try makePrivateFile(partial)
      // A connection of its own reads a snapshot; VACUUM INTO fills an empty file.
      try Connection(path: path).execute("VACUUM INTO ?", .text(partial))
      try replaceFile(target, with: partial)
    } catch {
      // On a disk that is full half a copy would keep it so.
      try? removeTree(partial)
      throw StoreError(of: error, doing: "cannot copy the database to \(target)")
    }
  }
}
