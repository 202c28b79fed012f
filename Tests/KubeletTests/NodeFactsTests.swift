import Testing

@testable import Kubelet

@Suite("Facts of this host") struct NodeFactsTests {
  @Test("memory and CPUs are known, addresses are neither loopback nor link-local")
  func host() {
    let facts = NodeFacts.ofThisHost(name: "n", controllers: [])
    #expect(facts.memoryCapacity > 1 << 20 && facts.milliCPUCapacity >= 1000)
    #expect(facts.hostIPs.allSatisfy { $0 != "127.0.0.1" && $0 != "::1" })
    #expect(!facts.killsWholeContainerOnOOM)
  }
}
