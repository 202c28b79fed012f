import Glibc
import LinuxSystem
import Synchronization
import Testing

@Suite("threads for blocking calls") struct ThreadPoolTests {
  /// Blocks until it is opened.
  private final class Barrier: Sendable {
    private let isOpen = Monitored(false)
    func pass() { _ = isOpen.wait { $0 ? true : nil } }
    func open() { isOpen.broadcast { $0 = true } }
  }

  @Test("grow at once: a job never waits for one that blocks", .timeLimit(.minutes(5)))
  func grows() async {
    let pool = ThreadPool(named: "test", width: 16)
    let barrier = Barrier()
    for count in 1...15 {
      pool.submit { barrier.pass() }
      // A pool that grows by one thread a second, as the one of libdispatch does, has fewer.
      #expect(pool.threads == count)
    }
    await pool.run { () throws(Never) in }
    #expect(pool.threads == 16)
    barrier.open()
  }

  @Test("are bounded; what is above the bound waits in order", .timeLimit(.minutes(5)))
  func bounded() async {
    let pool = ThreadPool(named: "test", width: 1)
    let barrier = Barrier()
    let order = Mutex<[Int]>([])
    pool.submit { barrier.pass() }
    for number in 0..<1000 { pool.submit { order.withLock { $0.append(number) } } }
    #expect(pool.threads == 1)
    barrier.open()
    await pool.run { () throws(Never) in }
    #expect(order.withLock { $0 } == Array(0..<1000))
  }

  @Test("calls on paths that do not answer leave room for the node's own", .timeLimit(.minutes(5)))
  func classes() async {
    let barrier = Barrier()
    let dead = (0..<200).map { _ in Task { await runBlocking(.foreign) { () throws(Never) in barrier.pass() } } }
    await runBlocking { () throws(Never) in }
    barrier.open()
    for task in dead { await task.value }
  }

  @Test("a failure comes back with its type")
  func typed() async {
    let error = await #expect(throws: SystemCallError.self) {
      try await runBlocking { () throws(SystemCallError) in throw SystemCallError(call: "c", subject: "s", code: EIO) }
    }
    #expect(error?.code == EIO)
  }
}
