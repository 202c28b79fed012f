import Dispatch
import KubeModel
import LinuxSystem
import Logging
@testable import Store
import TestSupport
import Testing

@testable import Kubelet

@Suite("Events on a database that cannot be written", .timeLimit(.minutes(5))) struct EventRecorderTests {
  private func recorder() async throws -> (EventRecorder, Store) {
    let store = try Store(path: nil)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    try await store.write { transaction in
      try transaction.connection.execute("CREATE TEMP TABLE gate (shut)")
      try transaction.connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON event WHEN EXISTS (SELECT 1 FROM gate) BEGIN SELECT RAISE(ABORT, 'full'); END")
    }
    return (EventRecorder(EventLog(in: store), store: store, logger: logger, now: { 7 }), store)
  }

  private func shut(_ store: Store) async throws {
    try await store.write { try $0.connection.execute("INSERT INTO gate VALUES (1)") }
  }
  private func open(_ store: Store) async throws { try await store.write { try $0.connection.execute("DELETE FROM gate") } }

  @Test("wait for it, each once and in their order")
  func kept() async throws {
    let (recorder, store) = try await recorder()
    try await shut(store)
    for number in 0..<5 { recorder.record(.normal, "R\(number)", namespace: "default", name: "p", "m") }
    #expect(throws: StoreError.self) { try recorder.list() }
    #expect(await eventually { recorder.count == 5 })
    try await open(store)
    for number in 5..<7 { recorder.record(.normal, "R\(number)", namespace: "default", name: "p", "m") }
    let reasons = try recorder.list().map(\.reason)
    #expect(reasons == (0..<7).map { "R\($0)" })
    #expect(await eventually { recorder.count == 0 })
    let again = try recorder.list().map(\.reason)
    #expect(again == reasons)
  }

  @Test("are no more than the newest thousand meanwhile, and are written by themselves when it can be")
  func bounded() async throws {
    let (recorder, store) = try await recorder()
    try await shut(store)
    for number in 0..<(EventRecorder.waiting + 50) { recorder.record(.normal, "R\(number)", namespace: "default", name: "p", "m") }
    #expect(await eventually { recorder.count == EventRecorder.waiting })
    try await open(store)
    #expect(await eventually { recorder.count == 0 })
    let entries = try await store.read { _ in true }
    #expect(entries)
    let reasons = try recorder.list().map(\.reason)
    #expect(reasons.last == "R\(EventRecorder.waiting + 49)" && !reasons.contains("R0"))
  }

  @Test("are bounded on a database that does not answer at all")
  func hanging() async throws {
    let (recorder, store) = try await recorder()
    let (begun, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let held = Task {
      try await store.write { _ in
        begun.signal()
        go.wait()
      }
    }
    await runBlocking { begun.wait() }
    for number in 0..<(EventRecorder.most * 2) { recorder.record(.normal, "R\(number)", namespace: "default", name: "p", "m") }
    #expect(recorder.count <= EventRecorder.most)
    go.signal()
    try await held.value
  }
}
