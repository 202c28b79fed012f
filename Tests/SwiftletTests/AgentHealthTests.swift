import Dispatch
import Kubelet
import LinuxSystem
import Logging
import NIOPosix
import RuntimeAPI
import Store
import TestSupport
import Testing

@testable import swiftlet

@Suite("Health of the agent", .timeLimit(.minutes(5))) struct AgentHealthTests {
  private func health(_ store: Store) -> AgentHealth {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let kubelet = Kubelet(
      config: KubeletConfig(
        rootDirectory: "/nowhere", node: NodeFacts(name: "n", memoryCapacity: 1 << 30, milliCPUCapacity: 1000)),
      runtime: FakeRuntime(), runtimeName: "fake", store: store, sources: [], group: MultiThreadedEventLoopGroup.singleton,
      logger: logger)
    return AgentHealth(store: store, kubelet: kubelet)
  }

  @Test("good while everything answers; a database that does not is told, and forgiven when it does again")
  func database() async throws {
    let store = try Store(path: nil)
    let health = health(store)
    // A shared machine may stand still for longer than the patience.
    #expect(await eventually { await health.failure() == nil })
    let (begun, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let held = Task {
      try await store.write { _ in
        begun.signal()
        go.wait()
      }
    }
    await runBlocking { begun.wait() }
    #expect(await health.failure() == "database or kubelet did not answer within 2 s")
    go.signal()
    try await held.value
    #expect(await eventually { await health.failure() == nil })
  }
}
