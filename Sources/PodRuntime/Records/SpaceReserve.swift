import LinuxSystem
import Synchronization

/// A file that takes some space, given up when a full disk keeps the database from forgetting what is being removed: to free a disk one
/// must be able to write "removed".
final class SpaceReserve: Sendable {
  static let bytes = 512 << 10
  private let path: String
  /// nil: not known yet.
  private let exists = Mutex<Bool?>(nil)

  init(path: String) { self.path = path }

  /// Makes the file when it is not there; a disk without room for it is no error.
  func refill() async {
    if exists.withLock({ $0 == true }) { return }
    let path = path
    let made = await runBlocking { () -> Bool in
      do {
        if try HostFiles.facts(path) != nil { return true }
        // Not sparse: it is to take the space.
        try writeFile(path, String(repeating: "\0", count: Self.bytes), mode: 0o600)
        return true
      } catch {
        try? removeTree(path)
        return false
      }
    }
    exists.withLock { $0 = made }
  }

  /// Frees the space; false when there is none to free.
  func giveUp() async -> Bool {
    let path = path
    let gone = await runBlocking { () -> Bool in
      guard (try? HostFiles.facts(path)) ?? nil != nil else { return false }
      return (try? removeTree(path)) != nil
    }
    exists.withLock { $0 = false }
    return gone
  }
}
