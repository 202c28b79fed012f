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
    var isOpen = false
  }

  private let state = Mutex(State())
  private let target: Int
  private let make: @Sendable () throws(PodNetworkError) -> Member
  /// Between two of them, so that a burst of pods has the kernel's routing lock for most of the time.
  private static let interval: Duration = .milliseconds(5)

  init(target: Int, make: @escaping @Sendable () throws(PodNetworkError) -> Member) {
    self.target = target
    self.make = make
  }

  /// Starts filling. Nothing is made before.
  func open() {
    state.withLock { $0.isOpen = target > 0 }
    refill()
  }

  /// The oldest, and another is made for it; nil: none is ready.
  func take() -> Member? {
    let member = state.withLock { $0.members.isEmpty ? nil : $0.members.removeFirst() }
    refill()
    return member
  }

  /// How many wait.
  var count: Int { state.withLock { $0.members.count } }

  /// Stops, and hands over what there is.
  func close() async -> [Member] {
    let refill = state.withLock { state in
      state.isOpen = false
      return state.refill
    }
    await refill?.value
    return state.withLock { state in
      defer { state.members = [] }
      return state.members
    }
  }

  /// One task at most, one network after the other. A failure ends it: the next pod that comes or goes begins again, so that a node
  /// without addresses or memory is not asked for them all the time.
  func refill() {
    state.withLock { state in
      guard state.isOpen, state.refill == nil, state.members.count < target else { return }
      state.refill = Task { await self.fill() }
    }
  }

  private func fill() async {
    let make = make
    while goesOn() {
      let made = await runBlocking { Result { () throws(PodNetworkError) in try make() } }
      guard case .success(let member) = made else { return state.withLock { $0.refill = nil } }
      state.withLock { $0.members.append(member) }
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// The end of the task and the last look are one step: who takes one after it starts the next task.
  private func goesOn() -> Bool {
    state.withLock { state in
      let goesOn = state.isOpen && state.members.count < target
      if !goesOn { state.refill = nil }
      return goesOn
    }
  }
}
