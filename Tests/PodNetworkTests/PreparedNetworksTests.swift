import Glibc
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@testable import PodNetwork

@Suite("Filling up of networks made in advance") struct PreparedNetworksTests {
  /// Makes nothing but what `free` allows.
  private final class Maker: Sendable {
    private let state = Mutex((tries: 0, free: 0))
    /// While it is true, a try waits with its answer.
    let isHeld = Mutex(false)
    var tries: Int { state.withLock { $0.tries } }
    func allow(_ count: Int) { state.withLock { $0.free += count } }

    func make() throws(PodNetworkError) -> PreparedNetworks.Member {
      let number = state.withLock { state -> Int? in
        state.tries += 1
        guard state.free > 0 else { return nil }
        state.free -= 1
        return state.tries
      }
      while isHeld.withLock({ $0 }) { usleep(1000) }
      guard let number, let null = try? openNull() else { throw PodNetworkError(.exhausted, "no address") }
      return .init(
        record: AttachmentRecord(owner: "\(number)", addresses: [], link: "", ports: []), namespace: SharedDescriptor(null))
    }
  }

  @Test("a failure ends it, so that a node without addresses is not asked all the time; who comes next starts it again")
  func failure() async {
    let (maker, networks) = (Maker(), PreparedNetworks(target: 2))
    networks.open { () throws(PodNetworkError) in try maker.make() }
    #expect(await eventually { maker.tries == 1 })
    // Long enough for dozens of tries without a pause.
    try? await Task.sleep(for: .milliseconds(100))
    #expect(maker.tries == 1)
    maker.allow(2)
    networks.refill()
    #expect(await eventually { networks.count == 2 })
    #expect(maker.tries == 3)
  }

  @Test("an address that comes free while a try is failing is not overlooked")
  func whileFailing() async {
    let (maker, networks) = (Maker(), PreparedNetworks(target: 1))
    maker.isHeld.withLock { $0 = true }
    networks.open { () throws(PodNetworkError) in try maker.make() }
    #expect(await eventually { maker.tries == 1 })
    maker.allow(1)
    networks.refill()
    maker.isHeld.withLock { $0 = false }
    #expect(await eventually { networks.count == 1 })
    #expect(maker.tries == 2)
  }

  @Test("nothing is made after the end, and all that there is, is handed over")
  func close() async {
    let (maker, networks) = (Maker(), PreparedNetworks(target: 3))
    maker.allow(10)
    networks.open { () throws(PodNetworkError) in try maker.make() }
    #expect(await eventually { networks.count == 3 })
    #expect(await networks.close().map(\.record.owner) == ["1", "2", "3"])
    networks.refill()
    #expect(networks.take() == nil)
    try? await Task.sleep(for: .milliseconds(50))
    #expect(maker.tries == 3 && networks.count == 0)
  }
}
