import KubeModel
import Logging
import NIOPosix
import RuntimeAPI
import Store
import TestSupport
import Testing

@testable import Kubelet

@Suite("What a worker writes down") struct WorkerJournalTests {
  private func services(_ store: Store) -> PodServices {
    let clock = TestClock().clock
    let logger = Logger(label: "test")
    return PodServices(
      runtime: FakeRuntime(), group: MultiThreadedEventLoopGroup.singleton, clock: clock,
      events: EventRecorder(EventLog(in: store), store: store, logger: logger, now: clock.wall), traces: StartTraces(),
      ledger: Ledger(in: store), records: PodRecords(in: store, logger: logger),
      nodeState: NodeState(TestNode.facts, reader: NodeReader()), cgroups: .none, root: "/r", logs: "/l", logRotation: nil,
      runtimeName: "fake",
      maxRestartPeriod: .seconds(300), startedAt: 0)
  }

  @Test("nothing that comes after the removal of a record brings it back")
  func closed() async throws {
    let services = services(try Store(path: nil))
    var scene = PodScene(.test()).sandbox().container("app", .exited, code: 1)
    var pod = scene.pod
    var journal = WorkerJournal(services, status: PodStatus()) { _ in }
    journal.write(pod)
    journal.write(&pod, scene.observed, reading: services.clock.reading)
    try await services.records.flush()
    #expect(try await services.records.all().records.keys.map(\.rawValue) == ["u1"])
    journal.close()
    try await services.records.remove(PodUID("u1"))
    scene = scene.apply(.terminationMessage(ContainerID("app0"), "late"))
    journal.write(pod)
    journal.write(&pod, scene.observed, reading: services.clock.reading)
    try await services.records.flush()
    #expect(try await services.records.all().records.isEmpty)
  }
}
