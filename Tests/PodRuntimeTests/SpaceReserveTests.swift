import Foundation
import Glibc
import Images
import LinuxSystem
import PodNetwork
import Store
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Space kept for removals") struct SpaceReserveTests {
  private func records(_ directory: String) throws -> (Records, SpaceReserve) {
    let store = try Store(path: nil)
    let reserve = SpaceReserve(path: directory + "/reserve")
    return (Records(store, reserve: reserve), reserve)
  }

  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = NSTemporaryDirectory() + "reserve-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
  }

  @Test("is given up once, for all that failed before") func once() async throws {
    try await withDirectory { directory in
      let reserve = SpaceReserve(path: directory + "/reserve")
      await reserve.refill()
      let before = reserve.given
      #expect(await reserve.giveUp(since: before))
      #expect(!FileManager.default.fileExists(atPath: directory + "/reserve"))
      // Another removal, which failed before the space was there, tries once more; a later one has nothing to hope for.
      #expect(await reserve.giveUp(since: before))
      #expect(await !reserve.giveUp(since: reserve.given))
      await reserve.refill()
      #expect(await reserve.giveUp(since: reserve.given))
    }
  }

  @Test("two removals that both find the disk full both succeed") func together() async throws {
    try await withDirectory { directory in
      let (records, reserve) = try records(directory)
      await reserve.refill()
      // Both fail before the first of them gives the reserve up.
      let failed = Mutex(0)
      let body: @Sendable () throws -> Void = {
        let fails = failed.withLock { count in
          defer { count = min(count + 1, 2) }
          return count < 2
        }
        if fails {
          _ = eventuallyBlocking(200) { failed.withLock { $0 } == 2 }
          throw SystemCallError(call: "unlink", subject: "x", code: ENOSPC)
        }
      }
      async let first: Void = records.releasing(.node, body)
      async let second: Void = records.releasing(.node, body)
      _ = try await (first, second)
      #expect(!FileManager.default.fileExists(atPath: directory + "/reserve"))
    }
  }

  @Test(
    "an error that space does not cure leaves it alone",
    arguments: [
      SystemCallError(call: "rmdir", subject: "x", code: EBUSY), PodNetworkError(.system, "no link"),
      StoreError(.damaged, "broken"),
      StoreError(.database, "locked"),
    ] as [any Error])
  func others(error: any Error) async throws {
    try await withDirectory { directory in
      let (records, reserve) = try records(directory)
      await reserve.refill()
      await #expect(throws: (any Error).self) { try await records.releasing { throw error } }
      await #expect(throws: (any Error).self) { try await records.release { _ in throw error } }
      #expect(FileManager.default.fileExists(atPath: directory + "/reserve"))
    }
  }

  @Test(
    "what it cures",
    arguments: [
      SystemCallError(call: "write", subject: "x", code: ENOSPC), SystemCallError(call: "write", subject: "x", code: EDQUOT),
      PodNetworkError(.noSpace, ""), ImageError(.noSpace, ""), StoreError(.full, ""),
    ] as [any Error])
  func cured(error: any Error) { #expect(SpaceReserve.wouldHelp(error)) }
}
