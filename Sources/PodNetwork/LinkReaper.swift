import Glibc
import LinuxSystem
import Netlink
import Synchronization

/// Sees links off: a link goes with its namespace, when the last process and descriptor of it do; the kernel takes 10 ms and more for
/// that, many together in one go. Nobody waits for it but this, and only then are the addresses free.
final class LinkReaper: Sendable {
  private struct State {
    /// With the moment in which waiting for the namespace ends.
    var leaving: [(record: AttachmentRecord, patience: ContinuousClock.Instant, isAgain: Bool)] = []
    var work: Task<Void, Never>?
  }

  private let state = Mutex(State())
  private let route: NetlinkSocket
  /// Closes what leads to a network and makes its record one that is leaving; nil: somebody did it already.
  private let leave: @Sendable (AttachmentRecord) throws(PodNetworkError) -> AttachmentRecord?
  /// Called for each link that is gone. On failure the record stays, and with it the addresses, and this is called again later.
  private let gone: @Sendable (AttachmentRecord) throws(PodNetworkError) -> Void
  /// Hears of the first failure of each.
  private let warn: @Sendable (String) -> Void
  private let pause: Duration
  /// A namespace that somebody still holds does not keep its link.
  private static let patience: Duration = .seconds(1)

  /// - Parameter pause: between two attempts after a failure.
  init(
    _ route: NetlinkSocket, pause: Duration = .seconds(30), warn: @escaping @Sendable (String) -> Void,
    leave: @escaping @Sendable (AttachmentRecord) throws(PodNetworkError) -> AttachmentRecord?,
    gone: @escaping @Sendable (AttachmentRecord) throws(PodNetworkError) -> Void
  ) {
    (self.route, self.pause) = (route, pause)
    (self.warn, self.leave, self.gone) = (warn, leave, gone)
  }

  /// Gives back a network that nobody has any more. A failure is the caller's, who tries again.
  func release(_ record: AttachmentRecord) throws(PodNetworkError) {
    if let leaving = try leave(record) { add(leaving) }
  }

  /// The same where nobody would try again: now, or later until it succeeds.
  func giveBack(_ record: AttachmentRecord) { giveBack(record, isAgain: false) }

  private func giveBack(_ record: AttachmentRecord, isAgain: Bool) {
    do throws(PodNetworkError) { try release(record) } catch {
      later(error, isAgain) { $0.giveBack(record, isAgain: true) }
    }
  }

  private func later(_ error: PodNetworkError, _ isAgain: Bool, _ body: @escaping @Sendable (LinkReaper) -> Void) {
    if !isAgain { warn("\(error); tried again every \(pause)") }
    Task { [weak self, pause] in
      guard (try? await Alarm.sleep(for: pause)) != nil, let self else { return }
      await runBlocking { body(self) }
    }
  }

  /// One whose record says that it is leaving.
  func add(_ record: AttachmentRecord) { add(record, isAgain: false) }

  private func add(_ record: AttachmentRecord, isAgain: Bool) {
    state.withLock { state in
      guard !state.leaving.contains(where: { $0.record.link == record.link }) else { return }
      state.leaving.append((record, .now + Self.patience, isAgain))
      if state.work == nil { state.work = Task { await self.work() } }
    }
  }

  /// Returns when nothing is leaving but what failed and waits for its next attempt.
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
      var failed: [(record: AttachmentRecord, error: PodNetworkError, isAgain: Bool)] = []
      for (record, patience, isAgain) in leaving {
        let isThere = present?.contains(record.link) ?? true
        guard !isThere || (ContinuousClock.now >= patience && remove(record.link)) else { continue }
        done.insert(record.link)
        do throws(PodNetworkError) { try gone(record) } catch { failed.append((record, error, isAgain)) }
      }
      let next: ContinuousClock.Instant? = state.withLock { state in
        state.leaving.removeAll { done.contains($0.record.link) }
        if state.leaving.isEmpty { state.work = nil }
        return state.leaving.map(\.patience).min()
      }
      for (record, error, isAgain) in failed { later(error, isAgain) { $0.add(record, isAgain: true) } }
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
