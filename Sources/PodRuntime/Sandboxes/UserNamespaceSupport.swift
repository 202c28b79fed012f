import Glibc
import LinuxSystem
import Synchronization

/// Whether pods can have user namespaces here, found out by making what such a pod needs, when somebody first asks; again only after what
/// may have been a lack of the moment.
final class UserNamespaceSupport: Sendable {
  private struct Answer: Sendable {
    var obstacle: String?
    var isLasting = true
  }

  private let layers: String
  private let scratch: String
  private let look = Mutex<Task<Answer, Never>?>(nil)

  /// - Parameters:
  ///   - layers: a directory on the file system that holds images.
  ///   - scratch: a directory to mount on.
  init(layers: String, scratch: String) { (self.layers, self.scratch) = (layers, scratch) }

  /// nil: they can.
  func obstacle() async -> String? {
    let task = look.withLock { look in
      if let look { return look }
      let task = Task { [layers, scratch] in await Self.try(layers: layers, scratch: scratch) }
      look = task
      return task
    }
    let answer = await task.value
    if !answer.isLasting { look.withLock { if $0 == task { $0 = nil } } }
    return answer.obstacle
  }

  private static func `try`(layers: String, scratch: String) async -> Answer {
    do throws(SystemCallError) {
      let namespace = try await runBlocking { () throws(SystemCallError) in
        try UserNamespace.create(
          uids: [.init(inside: 0, outside: 65536, length: 65536)], gids: [.init(inside: 0, outside: 65536, length: 65536)])
      }
      _ = try await LayeredMount(layers: [layers], mapping: namespace).make(scratch: scratch)
      return Answer()
    } catch {
      return Answer(
        obstacle: "user namespaces need a kernel (5.19) and a file system below \(layers) with idmapped mounts: \(error)",
        isLasting: [EINVAL, ENOSYS, EPERM, EOPNOTSUPP].contains(error.code))
    }
  }
}
