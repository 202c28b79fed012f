import Synchronization

/// Collects what a pipe gives, up to a limit, on the descriptor thread; what is above the limit is read and dropped.
public final class OutputReader: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isRegistered = true
  }
  private let state = Mutex(State())
  private let descriptor: SharedDescriptor
  private let limit: Int
  // Known before the registration: a pipe that has ended already calls the handler at once.
  private let token = DescriptorMonitor.shared.makeToken()
  private let onEnd: @Sendable () -> Void

  /// Starts to read.
  /// - Parameters:
  ///   - limit: bytes kept.
  ///   - onEnd: called once, on the descriptor thread, at end of file or at a read error; must not block.
  public init(_ descriptor: SharedDescriptor, limit: Int, onEnd: @escaping @Sendable () -> Void) throws(SystemCallError) {
    self.descriptor = descriptor
    self.limit = limit
    self.onEnd = onEnd
    let token = token
    try descriptor.withRaw { raw throws(SystemCallError) in
      try DescriptorMonitor.shared.add(raw, as: token) { [weak self] in self?.read() }
    }
  }

  deinit { finish() }

  private func read() {
    let chunk = (try? readAvailable(descriptor)) ?? []
    if chunk.isEmpty {
      finish()
      onEnd()
    } else {
      state.withLock { state in state.bytes += chunk.prefix(max(0, limit - state.bytes.count)) }
    }
  }

  private func finish() {
    let wasRegistered = state.withLock { state in
      defer { state.isRegistered = false }
      return state.isRegistered
    }
    if wasRegistered { descriptor.withRaw { raw in DescriptorMonitor.shared.remove(token, raw) } }
  }

  /// Stops reading and gives what came. A second call gives the same.
  @discardableResult
  public func stop() -> [UInt8] {
    finish()
    return state.withLock { $0.bytes }
  }
}
