/// Keeps `NodeState` up to date: woken by the kernel when an address or a route changes, and with the slow look at the runtime for what
/// nobody tells. An idle node does not wake for it.
struct NodeWatch: Sendable {
  /// An interface that comes up changes addresses and routes several times.
  static let settle: Duration = .milliseconds(500)
  /// What a look may take of the time: each pod that comes is a change, and the more pods there are the longer a look lasts.
  static let share = 20
  let state: NodeState
  let reader: NodeReader
  let cgroups: PodCgroups
  let clock: KubeletClock

  func run(_ supervisor: PodSupervisor) async {
    guard let changes = reader.changes() else { return }
    var pause = Self.settle
    for await _ in changes {
      do { try await clock.sleep(pause) } catch { return }
      let began = clock.now()
      await look(supervisor)
      pause = max(Self.settle, .nanoseconds(clock.now().subtracting(began)) * Self.share)
    }
  }

  func look(_ supervisor: PodSupervisor) async {
    guard await state.refresh() else { return }
    await cgroups.nodeChanged(state.facts)
    supervisor.send(.nodeChanged)
  }
}
