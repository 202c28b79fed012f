import LinuxSystem
import Netlink
import Testing

extension KernelTests {
  @Suite("News of addresses", .serialized)
  struct AddressEventsTests {
    @Test("a new address is told, several at once as one, and nothing without a change", .timeLimit(.minutes(1)))
    func told() async throws {
      let events = try AddressEvents()
      let calls = DescriptorMonitor.shared.handlerCalls
      try await Task.sleep(for: .milliseconds(100))
      #expect(DescriptorMonitor.shared.handlerCalls == calls)
      let kernel = try NetlinkConnection.route()
      for number in 1...3 {
        try kernel.perform(
          RouteRequests.addAddress(try #require(IPAddress("192.0.2.\(number)")), prefix: 32, index: 1))
      }
      var changes = events.changes.makeAsyncIterator()
      let first: Void? = await changes.next(isolation: #isolation)
      #expect(first != nil)
    }
  }
}
