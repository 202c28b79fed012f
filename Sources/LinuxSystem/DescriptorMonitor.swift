import CLinux
import Synchronization

/// One thread that waits (epoll) for descriptors to become readable and calls their handlers. The whole agent has one: it never polls,
/// and an idle node has no wake-ups.
///
/// Handlers run on that thread, one at a time, and must not block.
public final class DescriptorMonitor: Sendable {
  /// Identifies a registration.
  public struct Token: Hashable, Sendable { let value: UInt64 }

  private struct State {
    var next: UInt64 = 1
    var handlers: [UInt64: @Sendable () -> Void] = [:]
  }
  private let state = Mutex(State())
  private let epoll: SharedDescriptor

  /// The agent's monitor. Its thread starts at first use and lives as long as the process.
  public static let shared = DescriptorMonitor()

  private init() {
    let raw = cl_monitor_create()
    precondition(raw >= 0, "epoll_create1 failed (errno \(-raw)): no descriptors left at start")
    epoll = SharedDescriptor(OwnedDescriptor(adopting: raw))
    startThread(named: "descriptors") { [self] in run() }
  }

  /// Calls `handler` whenever `descriptor` is readable or hung up, until `remove`. Level triggered: an event that was there before the
  /// registration is seen. The caller keeps the descriptor open until it removed the registration.
  public func add(_ descriptor: CInt, handler: @escaping @Sendable () -> Void) throws(SystemCallError) -> Token {
    let value = state.withLock { state in
      let value = state.next
      state.next += 1
      state.handlers[value] = handler
      return value
    }
    do throws(SystemCallError) {
      _ = try epoll.withRaw { epoll throws(SystemCallError) in
        try kernelCall("epoll_ctl(ADD)", on: "descriptor \(descriptor)") { cl_monitor_add(epoll, descriptor, value) }
      }
    } catch {
      state.withLock { _ = $0.handlers.removeValue(forKey: value) }
      throw error
    }
    return Token(value: value)
  }

  /// Ends a registration; a handler that is running finishes. Call before the descriptor is closed.
  public func remove(_ token: Token, _ descriptor: CInt) {
    state.withLock { _ = $0.handlers.removeValue(forKey: token.value) }
    epoll.withRaw { epoll in _ = cl_monitor_remove(epoll, descriptor) }
  }

  private func run() {
    var tokens = [UInt64](repeating: 0, count: 64)
    while true {
      let count = epoll.withRaw { epoll in unsafe cl_monitor_wait(epoll, &tokens, Int32(tokens.count)) }
      guard count > 0 else { continue }  // EINTR
      for token in tokens[..<Int(count)] {
        let handler = state.withLock { $0.handlers[token] }
        handler?()
      }
    }
  }
}
