import Glibc
import Images
import LinuxSystem
import PodNetwork
import Store
import Synchronization

/// A file that takes some space, given up when a full disk keeps the database from forgetting what is being removed: to free a disk one
/// must be able to write "removed".
final class SpaceReserve: Sendable {
  static let bytes = 512 << 10
  private let path: String
  /// `exists` nil: not known yet.
  private let state = Mutex((exists: Bool?.none, given: 0))
  private let removal = Mutex(())

  init(path: String) { self.path = path }

  /// Makes the file when it is not there; a disk without room for it is no error.
  func refill() async {
    if state.withLock({ $0.exists == true }) { return }
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
    state.withLock { $0.exists = made }
  }

  /// How often it was given up: to be asked before what may fail.
  var given: Int { state.withLock { $0.given } }

  /// Frees the space. False when there is none to free and nobody freed any since `before`: of several removals at a time the first one
  /// frees it for all.
  func giveUp(since before: Int) async -> Bool {
    await runBlocking { [self] in
      // On a thread for that: who comes second must not look between the removal and its count.
      removal.withLock { _ in
        let gone = (try? HostFiles.facts(path)) ?? nil != nil && (try? removeTree(path)) != nil
        return state.withLock { state in
          state.exists = false
          if gone { state.given += 1 }
          return state.given != before
        }
      }
    }
  }

  /// Whether space is what was missing.
  static func wouldHelp(_ error: any Error) -> Bool {
    switch error {
    case let error as StoreError: error.code == .full
    case let error as PodNetworkError: error.code == .noSpace
    case let error as ImageError: error.code == .noSpace
    case let error as SystemCallError: [ENOSPC, EDQUOT].contains(error.code)
    default: false
    }
  }
}
