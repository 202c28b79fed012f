import Logging
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Journal", .timeLimit(.minutes(5)))
struct JournalTests {
  private struct Full: Error {}

  @Test("Many changes are few writes, each of the state at its time")
  func batches() async throws {
    let journal = Journal(logger: Logger(label: "test"))
    let value = Mutex(0)
    let writes = Mutex<[(Set<Journal.Subject>, Int)]>([])
    let isHeld = Mutex(true)
    journal.setWriter { subjects in
      writes.withLock { $0.append((subjects, value.withLock { $0 })) }
      #expect(await eventually(200) { !isHeld.withLock { $0 } })
    }
    for number in 1...100 {
      value.withLock { $0 = number }
      journal.add(.container(ContainerID("\(number % 5)")))
    }
    isHeld.withLock { $0 = false }
    #expect(await eventually { writes.withLock { $0.last?.1 == 100 } })
    let all = writes.withLock { $0 }
    // What came while the first one took its time is one more.
    #expect(all.count <= 2)
    #expect(all.reduce(into: Set<Journal.Subject>()) { $0.formUnion($1.0) }.count == 5)
  }

  @Test("What could not be written is written later, with what changed meanwhile")
  func failure() async throws {
    let journal = Journal(logger: Logger(label: "test"))
    let isFull = Mutex(true)
    let written = Mutex<Set<Journal.Subject>>([])
    journal.setWriter { subjects in
      if isFull.withLock({ $0 }) { throw Full() }
      written.withLock { $0.formUnion(subjects) }
    }
    journal.add(.sandbox(SandboxID("a")))
    await #expect(throws: RuntimeError.self) { try await journal.flush() }
    journal.add(.sandbox(SandboxID("b")))
    isFull.withLock { $0 = false }
    try await journal.flush()
    #expect(written.withLock { $0 } == [.sandbox(SandboxID("a")), .sandbox(SandboxID("b"))])
  }
}
