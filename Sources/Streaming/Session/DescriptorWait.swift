import LinuxSystem
import Synchronization

/// Waits, once at a time, until a descriptor can be read or written. Registration and its end are one step each, so that a wake-up that
/// comes late ends no newer one.
final class DescriptorWait: Sendable {
  let descriptor: SharedDescriptor
  private let writable: Bool
  private let armed = Mutex<DescriptorMonitor.Token?>(nil)

  init(_ descriptor: SharedDescriptor, writable: Bool) {
    self.descriptor = descriptor
    self.writable = writable
  }

  /// - Parameter wake: called at most once, on the descriptor thread; must not block.
  func begin(_ wake: @escaping @Sendable () -> Void) throws(SystemCallError) {
    let token = DescriptorMonitor.shared.makeToken()
    try armed.withLock { (armed) throws(SystemCallError) in
      try descriptor.withRaw { raw throws(SystemCallError) in
        try DescriptorMonitor.shared.add(raw, as: token, writable: writable) { [self] in if end(token) { wake() } }
      }
      armed = token
    }
  }

  func end() { _ = end(nil) }

  /// - Returns: whether that one (nil: any) was waited for.
  private func end(_ token: DescriptorMonitor.Token?) -> Bool {
    armed.withLock { armed in
      guard let current = armed, token == nil || token == current else { return false }
      descriptor.withRaw { raw in DescriptorMonitor.shared.remove(current, raw) }
      armed = nil
      return true
    }
  }
}
