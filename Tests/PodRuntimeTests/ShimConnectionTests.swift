import Glibc
import RuntimeAPI
import ShimCore
import Synchronization
import TestSupport
import Testing

@testable import LinuxSystem
@testable import PodRuntime

@Suite("Connection to a podshim", .timeLimit(.minutes(5)))
struct ShimConnectionTests {
  /// What a connection told its owner.
  final class Log: Sendable {
    private let entries = Mutex<[String]>([])
    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    var all: [String] { entries.withLock { $0 } }
    func wait(for entry: String) async -> Bool { await eventually { all.contains(entry) } }
  }

  static func connect() throws -> (ShimConnection, ScriptedShim, Log) {
    let (stream, shim) = try ScriptedShim.pair()
    let log = Log()
    let connection = try ShimConnection(
      stream,
      handlers: .init(
        event: { log.add("event \($0)") }, listed: { log.add("listed \($0.map(\.id))") }, late: { log.add("late") },
        ended: { log.add("ended") }))
    try connection.begin()
    return (connection, shim, log)
  }
  static func soon(_ milliseconds: Int = 50) -> ContinuousClock.Instant { .now + .milliseconds(milliseconds) }
  /// Longer than any test runs.
  static var late: ContinuousClock.Instant { .now + .seconds(86_400) }
  static let isList: @Sendable (ShimRequest) -> Bool = { $0 == .list }

  @Test("podshims that read nothing hold no thread of the agent, and get every byte when they read")
  func unreadByMany() async throws {
    var request = SpawnRequest(id: "c", program: Array(repeating: 7, count: 300_000))
    request.logPath = "/log"
    // More than the pool has threads.
    let pairs = try (0..<40).map { _ in try UnixStream.pair() }
    let connections = try pairs.map { ours, _ in
      try ShimConnection(ours, handlers: .init(event: { _ in }, listed: { _ in }, late: {}, ended: {}))
    }
    for connection in connections {
      connection.post(.list)
      try connection.begin()
      for _ in 0..<4 { connection.post(.spawn(request)) }
    }
    #expect(await waiting(atMost: .seconds(200)) { await runBlocking { () throws(Never) in } } != nil)
    let expected = ShimFrame.encode(.list, id: 1).count + 4 * ShimFrame.encode(.spawn(request), id: 1).count
    for (_, theirs) in pairs {
      let received = await runBlocking {
        theirs.withRaw { raw in
          var (total, chunk) = (0, [UInt8](repeating: 0, count: 65536))
          while total < expected {
            let count = unsafe read(raw, &chunk, chunk.count)
            if count <= 0 { break }
            total += count
          }
          return total
        }
      }
      #expect(received == expected)
    }
    for connection in connections { connection.end() }
  }

  @Test("A call that ended, however it did, leaves no timer that would wake the agent")
  func timers() async throws {
    // No other test waits for a time like this.
    let (day, soon) = (UInt64(86_400_000_000_000), ContinuousClock.now + .seconds(864_000))
    func pending() -> Int { CooperativeExecutor.shared.timers.count(dueAfter: 9 * day..<11 * day) }
    let (connection, shim, _) = try Self.connect()
    let answered = Task { try await connection.call(.list, until: soon) }
    let cancelled = Task { try await connection.call(.reopenLog(id: "a"), until: soon + .seconds(1)) }
    let list = try await shim.next(Self.isList)
    #expect(pending() == 1)
    shim.reply(.processes([]), to: list)
    _ = try await answered.value
    cancelled.cancel()
    #expect(await eventually { pending() == 0 })
    let broken = Task { try await connection.call(.list, until: soon) }
    _ = try await shim.next(Self.isList)
    connection.end()
    await #expect(throws: ShimError.self) { try await broken.value }
    #expect(await eventually { pending() == 0 })
  }

  @Test("Replies find their calls in any order")
  func order() async throws {
    let (connection, shim, _) = try Self.connect()
    let first = Task { try await connection.call(.reopenLog(id: "a"), until: Self.late) }
    let one = try await shim.next { $0 == .reopenLog(id: "a") }
    async let second = connection.call(.list, until: Self.late)
    let two = try await shim.next(Self.isList)
    shim.reply(.processes([]), to: two)
    #expect(try await second.reply == .processes([]))
    shim.reply(.refused(errno: 2, text: "no process"), to: one)
    await #expect(throws: ShimError.refused(errno: 2, text: "no process")) { try await first.value }
  }

  @Test("A call that is not answered ends at its deadline; what comes later is told, and other calls go on")
  func deadline() async throws {
    let (connection, shim, log) = try Self.connect()
    await #expect(throws: ShimError.unanswered("start")) { try await connection.call(.start(id: "c"), until: Self.soon()) }
    let start = try await shim.next { $0 == .start(id: "c") }
    #expect(!log.all.contains("late"))
    shim.reply(.done, to: start)
    #expect(await log.wait(for: "late"))
    async let list = connection.call(.list, until: Self.late)
    shim.reply(.processes([]), to: try await shim.next(Self.isList))
    #expect(try await list.reply == .processes([]))
    #expect(!log.all.contains("ended"))
  }

  @Test("A short deadline is kept beside a long one that began before")
  func deadlines() async throws {
    let (connection, shim, _) = try Self.connect()
    let long = Task { try await connection.call(.list, until: Self.late) }
    let request = try await shim.next(Self.isList)
    for _ in 0..<3 {
      await #expect(throws: ShimError.unanswered("start")) { try await connection.call(.start(id: "c"), until: Self.soon()) }
    }
    shim.reply(.processes([]), to: request)
    _ = try await long.value
  }

  @Test("A caller that gives up is let go at once")
  func cancellation() async throws {
    let (connection, shim, _) = try Self.connect()
    let call = Task { try await connection.call(.list, until: nil) }
    _ = try await shim.next(Self.isList)
    call.cancel()
    await #expect(throws: ShimError.cancelled) { try await call.value }
  }

  @Test("A connection that breaks ends its calls, at every reply", arguments: [0, 1, 5, ShimFrame.headerSize, 12])
  func broken(_ bytes: Int) async throws {
    let (connection, shim, log) = try Self.connect()
    let call = Task { try await connection.call(.list, until: nil) }
    let request = try await shim.next(Self.isList)
    shim.send(Array(ShimFrame.encode(.processes([]), id: request.id).prefix(bytes)))
    shim.hangUp()
    await #expect(throws: ShimError.unanswered("the connection broke")) { try await call.value }
    #expect(await log.wait(for: "ended"))
    await #expect(throws: ShimError.self) { try await connection.call(.list, until: nil) }
    #expect(log.all.filter { $0 == "ended" }.count == 1)
  }

  @Test("Repeated and unknown replies do no harm; garbage ends the connection")
  func repeated() async throws {
    let (connection, shim, log) = try Self.connect()
    async let call = connection.call(.list, until: nil)
    let request = try await shim.next(Self.isList)
    shim.reply(.processes([]), to: request)
    _ = try await call
    shim.reply(.done, to: request)
    shim.event(.oom(id: "x"))
    #expect(await log.wait(for: "event \(ShimEvent.oom(id: "x"))"))
    shim.send([0xff, 0xff, 0xff, 0xff, 1, 1, 1, 1, 1, 1])
    #expect(await log.wait(for: "ended"))
  }

  @Test("A reply whose descriptors were cut off fails its call and starts a new connection instead of waiting for ever")
  func truncated() async throws {
    let (connection, shim, log) = try Self.connect()
    let call = Task { try await connection.call(.namespaces(flags: 1), until: nil) }
    shim.reply(.done, to: try await shim.next { $0 == .namespaces(flags: 1) }, descriptorCount: 1)
    await #expect(throws: ShimError.noDescriptors) { try await call.value }
    #expect(await log.wait(for: "ended"))
  }

  @Test("A list is told in the order of events, also before the caller hears of it")
  func listOrder() async throws {
    let (connection, shim, log) = try Self.connect()
    async let call = connection.call(.list, until: nil)
    let request = try await shim.next(Self.isList)
    let entry = ProcessEntry(
      id: "c", pid: 1, phase: .running, exit: ExitRecord(id: "c", exitCode: 0, signal: 0, oomKilled: false, finishedAt: 0))
    shim.send(ShimFrame.encode(.processes([entry]), id: request.id) + ShimFrame.encode(.oom(id: "c")))
    _ = try await call
    #expect(await log.wait(for: "event \(ShimEvent.oom(id: "c"))"))
    #expect(log.all.first == "listed [\"c\"]")
  }

  @Test("A podshim that reads nothing holds up nobody: neither senders nor the cooperative pool", .timeLimit(.minutes(5)))
  func unread() async throws {
    let (ours, theirs) = try UnixStream.pair()
    let connection = try ShimConnection(ours, handlers: .init(event: { _ in }, listed: { _ in }, late: {}, ended: {}))
    try connection.begin()
    let large = SpawnRequest(id: "c", program: [UInt8](repeating: 7, count: 4 << 20))
    let failures = await withTaskGroup(of: ShimError?.self) { group in
      for _ in 0..<20 {
        group.addTask {
          do throws(ShimError) {
            _ = try await connection.call(.spawn(large), until: Self.soon(200))
            return nil
          } catch {
            return error
          }
        }
      }
      var failures: [ShimError] = []
      for await failure in group { if let failure { failures.append(failure) } }
      return failures
    }
    #expect(failures.count == 20)
    #expect(failures.contains(.unanswered("it takes no more requests")), "what waits is bounded: \(failures)")
    withExtendedLifetime(theirs) {}
    connection.end()
  }
}
