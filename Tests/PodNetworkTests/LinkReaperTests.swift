import Netlink
import Synchronization
import TestSupport
import Testing

@testable import PodNetwork

@Suite("The reaper of links")
struct LinkReaperTests {
  /// What was called, and how often the first calls of each kind fail.
  private final class Calls: Sendable {
    let made = Mutex<[String]>([])
    func call(_ name: String, failures: Int) throws(PodNetworkError) {
      let count = made.withLock { made in
        made.append(name)
        return made.count { $0 == name }
      }
      if count <= failures { throw PodNetworkError(.system, "no \(name)") }
    }
    func count(_ name: String) -> Int { made.withLock { made in made.count { $0 == name } } }
  }

  /// Of a link that is not there.
  private let record = AttachmentRecord(owner: "a", addresses: ["10.88.0.2"], link: "vethnever", ports: [])

  private func reaper(_ calls: Calls, leave: Int, gone: Int) throws -> LinkReaper {
    LinkReaper(
      try NetlinkSocket.route(), pause: .milliseconds(20),
      warn: { text in try? calls.call("warn: \(text)", failures: 0) },
      leave: { record throws(PodNetworkError) in
        try calls.call("leave", failures: leave)
        return record
      },
      gone: { _ throws(PodNetworkError) in try calls.call("gone", failures: gone) })
  }

  @Test("gives back a network again and again until it is given back, and says so once for each step")
  func again() async throws {
    let calls = Calls()
    let reaper = try reaper(calls, leave: 2, gone: 3)
    reaper.giveBack(record)
    #expect(await eventually { calls.count("gone") == 4 })
    await reaper.drain()
    #expect(calls.count("leave") == 3)
    #expect(
      calls.made.withLock { $0.filter { $0.hasPrefix("warn") } } == [
        "warn: no leave; tried again every 0.02 seconds", "warn: no gone; tried again every 0.02 seconds",
      ])
    // Once it is given back, that is the end.
    try await Task.sleep(for: .milliseconds(100))
    #expect(calls.count("leave") == 3 && calls.count("gone") == 4)
  }

  @Test("leaves a failure to the caller who tries again by itself")
  func release() async throws {
    let calls = Calls()
    let reaper = try reaper(calls, leave: 1, gone: 0)
    #expect(throws: PodNetworkError.self) { try reaper.release(record) }
    try reaper.release(record)
    await reaper.drain()
    #expect(calls.made.withLock { $0 } == ["leave", "leave", "gone"])
  }
}
