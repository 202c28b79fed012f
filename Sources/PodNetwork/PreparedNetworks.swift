import LinuxSystem
import Synchronization

/// Networks made in advance: a namespace with its link, addresses and settings, leased to nobody. A pod that comes takes one without any
/// work of the kernel's; another is made in the background. They belong to the host's user namespace: a pod with one of its own cannot
/// take them. They do not outlive the agent: their records are found and given back at the next start.
final class PreparedNetworks: Sendable {
  struct Member: Sendable {
    let record: AttachmentRecord
    let namespace: SharedDescriptor
  }

  private struct State {
    var members: [Member] = []
    var refill: Task<Void, Never>?
    /// There may be more to make it of than when the task looked.
    var looksAgain = false
    var make: Make?
  }
  typealias Make = @Sendable () throws(PodNetworkError) -> Member

  private let state = Mutex(State())
  private let target: @Sendable () -> Int
  /// Between two of them, so that a burst of pods has the kernel's routing lock for most of the time.
  private static let interval: Duration = .milliseconds(5)

  init(target: @escaping @Sendable @autoclosure () -> Int) { self.target = target }

  /// Starts filling. Nothing is made before.
  func open(_ make: @escaping Make) {
    state.withLock { $0.make = target() > 0 ? make : nil }
    refill()
  }

  /// The oldest, and another is made for it; nil: none is ready.
  func take() -> Member? {
    let member = state.withLock { $0.members.isEmpty ? nil : $0.members.removeFirst() }
    refill()
    return member
  }

  /// Whether it fills.
  var isOpen: Bool { state.withLock { $0.make != nil } }

  /// How many wait.
  var count: Int { state.withLock { $0.members.count } }

  /// Stops, and hands over what there is.
  func close() async -> [Member] {
    let refill = state.withLock { state in
      state.make = nil
      return state.refill
    }
    await refill?.value
    return state.withLock { state in
      defer { state.members = [] }
      return state.members
    }
  }

  /// One task at most, one network after the other. A failure ends it: the next pod that comes, or whose addresses are free again, begins
  /// anew, so that a node without addresses or memory is not asked for them all the time.
  func refill() {
    state.withLock { state in
      guard state.make != nil, state.members.count < target() else { return }
      state.looksAgain = true
      if state.refill == nil { state.refill = Task { await self.fill() } }
    }
  }

  private func fill() async {
    var failed = false
    while let make = next(afterFailure: failed) {
      let made = await runBlocking { Result { () throws(PodNetworkError) in try make() } }
      switch made {
      case .success(let member):
        state.withLock { $0.members.append(member) }
        failed = false
        try? await Alarm.sleep(for: Self.interval)
      case .failure: failed = true
      }
    }
  }

  /// The end of the task and the last look are one step: who asks after it starts the next task.
  private func next(afterFailure failed: Bool) -> Make? {
    state.withLock { state in
      let goesOn = state.members.count < target() && (!failed || state.looksAgain)
      state.looksAgain = false
      if goesOn, let make = state.make { return make }
      state.refill = nil
      return nil
    }
  }
}
