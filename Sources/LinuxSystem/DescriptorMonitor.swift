import CLinux
import Synchronization

/// One thread that waits (epoll) for descriptors to become readable and calls their handlers. The whole agent has one: it never polls,
/// and an idle node has no wake-ups.
///
/// Handlers run on that thread, one at a time, and must not block.
public final class DescriptorMonitor: Sendable {
  /// Identifies a registration.
  public struct Token: Hashable, Sendable { let value: UInt64 }

  private let next = Atomic<UInt64>(1)
  private let calls = Atomic<UInt64>(0)
  private let handlers: Mutex<[UInt64: @Sendable () -> Void]> = Mutex([:])
  private let epoll: SharedDescriptor

  /// The agent's monitor. Its thread starts at first use and lives as long as the process.
  public static let shared = DescriptorMonitor()

  private init() {
    let raw = cl_monitor_create()
    precondition(raw >= 0, "epoll_create1 failed (errno \(-raw)): no descriptors left at start")
    epoll = SharedDescriptor(OwnedDescriptor(adopting: raw))
    do throws(SystemCallError) {
      try startThread(named: "descriptors") { [self] in run() }
    } catch {
      preconditionFailure("no descriptor thread: \(error)")
    }
  }

  /// Handlers called since the start: grows without end when somebody neither reads what is there nor ends its registration.
  public var handlerCalls: UInt64 { calls.load(ordering: .relaxed) }

  /// A token for a registration to come, for handlers that end their own: they may run before `add` has returned.
  public func makeToken() -> Token { Token(value: next.wrappingAdd(1, ordering: .relaxed).oldValue) }

  /// Calls `handler` whenever `descriptor` is readable or hung up, until `remove`. Level triggered: an event that was there before the
  /// registration is seen. The caller keeps the descriptor open until it removed the registration.
  public func add(_ descriptor: CInt, handler: @escaping @Sendable () -> Void) throws(SystemCallError) -> Token {
    let token = makeToken()
    try add(descriptor, as: token, handler: handler)
    return token
  }

  /// The same with a token made before, used once.
  /// - Parameter writable: calls it when `descriptor` takes something, instead.
  public func add(
    _ descriptor: CInt, as token: Token, writable: Bool = false, handler: @escaping @Sendable () -> Void
  ) throws(SystemCallError) {
    handlers.withLock { $0[token.value] = handler }
    do throws(SystemCallError) {
      _ = try epoll.withRaw { epoll throws(SystemCallError) in
        try kernelCall("epoll_ctl(ADD)", on: "descriptor \(descriptor)") {
          writable ? cl_monitor_add_writable(epoll, descriptor, token.value) : cl_monitor_add(epoll, descriptor, token.value)
        }
      }
    } catch {
      handlers.withLock { _ = $0.removeValue(forKey: token.value) }
      throw error
    }
  }

  /// Calls the handler also, or no longer, while `descriptor` takes something. Safe under a lock.
  public func watch(_ token: Token, _ descriptor: CInt, writability: Bool) {
    epoll.withRaw { epoll in _ = cl_monitor_modify(epoll, descriptor, token.value, writability ? 1 : 0) }
  }

  /// Ends a registration; a handler that is running finishes. Call before the descriptor is closed.
  public func remove(_ token: Token, _ descriptor: CInt) {
    handlers.withLock { _ = $0.removeValue(forKey: token.value) }
    epoll.withRaw { epoll in _ = cl_monitor_remove(epoll, descriptor) }
  }

  private func run() {
    // Not an array: Swift 6.3.1 with -O copies one that is lent with & and iterated in the same loop, and leaks the copy each round.
    unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 64) { tokens in
      while true {
        let count = epoll.withRaw { epoll in unsafe cl_monitor_wait(epoll, tokens.baseAddress, Int32(tokens.count)) }
        // Negative: EINTR.
        for index in 0..<Int(max(0, count)) { call(unsafe tokens[index]) }
      }
    }
  }

  private func call(_ token: UInt64) {
    guard let handler = handlers.withLock({ $0[token] }) else { return }
    calls.add(1, ordering: .relaxed)
    handler()
  }
}
