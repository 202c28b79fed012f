import Glibc
import LinuxSystem
import Netlink
import Synchronization

/// Sees links off: a link goes with its namespace, when the last process and descriptor of it do; the kernel takes 10 ms and more for
/// that, many together in one go. Nobody waits for it but this, and only then are the addresses free.
final class LinkReaper: Sendable {
  private struct State {
    /// With the moment in which waiting for the namespace ends.
    var leaving: [(record: AttachmentRecord, patience: ContinuousClock.Instant)] = []
    var work: Task<Void, Never>?
  }

  private let state = Mutex(State())
  private let route: NetlinkSocket
  /// Called once for each link that is gone. On failure the record stays, and with it the addresses, until the next start.
  private let gone: @Sendable (AttachmentRecord) throws(PodNetworkError) -> Void
  /// A namespace that somebody still holds does not keep its link.
  private static let patience: Duration = .seconds(1)

  init(_ route: NetlinkSocket, gone: @escaping @Sendable (AttachmentRecord) throws(PodNetworkError) -> Void) {
    self.route = route
    self.gone = gone
  }

  func add(_ record: AttachmentRecord) {
    state.withLock { state in
      guard !state.leaving.contains(where: { $0.record.link == record.link }) else { return }
      state.leaving.append((record, .now + Self.patience))
      if state.work == nil { state.work = Task { await self.work() } }
    }
  }

  /// Returns when nothing is leaving.
  func drain() async {
    while let work = state.withLock({ $0.work }) { await work.value }
  }

  private func work() async {
    await runBlocking { self.reap() }
  }

  private func reap() {
    // Before the first look: what happens after it is an event. Without one: look again and again while something leaves.
    let events = try? LinkEvents()
    while true {
      let leaving = state.withLock { $0.leaving }
      let present = try? links()
      var done: Set<String> = []
      for (record, patience) in leaving {
        let isThere = present?.contains(record.link) ?? true
        guard !isThere || (ContinuousClock.now >= patience && remove(record.link)) else { continue }
        done.insert(record.link)
        try? gone(record)
      }
      let next: ContinuousClock.Instant? = state.withLock { state in
        state.leaving.removeAll { done.contains($0.record.link) }
        if state.leaving.isEmpty { state.work = nil }
        return state.leaving.map(\.patience).min()
      }
      guard let next else { return }
      // Links go in heaps: a look for each would be one too many.
      usleep(2000)
      events?.wait(atMost: min(max(.milliseconds(10), next - .now), .milliseconds(200)))
    }
  }

  /// Every link of the host, by name.
  private func links() throws(NetlinkError) -> Set<String> {
    Set(try route.dump(RouteRequests.listLinks()).compactMap(LinkInfo.init).map(\.name))
  }

  private func remove(_ link: String) -> Bool {
    do throws(NetlinkError) {
      try route.perform(RouteRequests.deleteLink(link))
      return true
    } catch {
      return error.code == 19  // ENODEV
    }
  }
}
