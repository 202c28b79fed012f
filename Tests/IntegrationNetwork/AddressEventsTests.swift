import LinuxSystem
import Netlink
import Testing

extension KernelTests {
  @Suite("News of addresses", .serialized)
  struct AddressEventsTests {
    @Test("a new address is told, several at once as one, and nothing without a change", .timeLimit(.minutes(5)))
    func told() async throws {
      let kernel = try NetlinkConnection.route()
      // With it the addresses go: other tests have this network namespace after this one.
      try kernel.perform(RouteRequests.createBridge("news0", mtu: nil, address: nil))
      defer { try? kernel.perform(RouteRequests.deleteLink("news0")) }
      let link = try #require(try Node.links().first { $0.name == "news0" })
      let events = try AddressEvents()
      let calls = DescriptorMonitor.shared.handlerCalls
      try await Task.sleep(for: .milliseconds(100))
      #expect(DescriptorMonitor.shared.handlerCalls == calls)
      for number in 1...3 {
        try kernel.perform(
          RouteRequests.addAddress(try #require(IPAddress("198.51.100.\(number)")), prefix: 32, index: link.index))
      }
      var changes = events.changes.makeAsyncIterator()
      let first: Void? = await changes.next(isolation: #isolation)
      #expect(first != nil)
    }
  }
}
