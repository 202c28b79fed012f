import Foundation
import Glibc
import LinuxSystem
import Logging
import RuntimeAPI
import ShimCore
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

/// A podshim that a test plays, behind a real socket, with a real process as the one that must die.
@Suite("Tie to a podshim", .timeLimit(.minutes(5)))
struct ShimLinkTests {
  /// A directory with podshim's socket, which `ScriptedShim`s are accepted from.
  final class Listener: Sendable {
    let directory: String
    private let socket: Int32

    init() throws {
      directory = NSTemporaryDirectory() + "shim-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let path = directory + "/shim.sock"
      unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
      let bound = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe bind(socket, $0, UInt32(MemoryLayout<sockaddr_un>.size))
        }
      }
      guard bound == 0, listen(socket, 8) == 0 else { throw SystemCallError(call: "bind", subject: path, code: errno) }
    }

    func accept() async throws -> ScriptedShim {
      let socket = socket
      return ScriptedShim(socket: await runBlocking { Glibc.accept(socket, nil, nil) })
    }
    func close() {
      Glibc.close(socket)
      try? FileManager.default.removeItem(atPath: directory)
    }
  }

  static func link(_ directory: String, _ log: ShimConnectionTests.Log) -> ShimLink {
    ShimLink(
      directory: directory,
      handlers: .init(
        event: { log.add("event \($0)") }, listed: { log.add("listed \($0.map(\.id))") }, died: { log.add("died") }),
      logger: Logger(label: "test"))
  }

  static func greet(_ shim: ScriptedShim, version: UInt16 = 1, _ ids: [String] = []) async throws {
    shim.reply(.hello(version: version, pid: getpid()), to: try await shim.next { if case .hello = $0 { true } else { false } })
    let exit = ExitRecord(id: "", exitCode: 0, signal: 0, oomKilled: false, finishedAt: 0)
    let entries = ids.map { ProcessEntry(id: $0, pid: 1, phase: .running, exit: exit) }
    shim.reply(.processes(entries), to: try await shim.next(ShimConnectionTests.isList))
  }

  @Test("A connection that breaks is made anew, and what podshim has is asked for; podshim is not dead for that")
  func reconnects() async throws {
    let listener = try Listener()
    let log = ShimConnectionTests.Log()
    let link = Self.link(listener.directory, log)
    link.connect()
    let first = try await listener.accept()
    try await Self.greet(first, ["a"])
    #expect(await link.reached.wait(atMost: .seconds(60)))
    let call = Task { try await link.call(.start(id: "a")) }
    _ = try await first.next { $0 == .start(id: "a") }
    first.hangUp()
    await #expect(throws: ShimError.self) { try await call.value }
    let second = try await listener.accept()
    try await Self.greet(second, ["a", "b"])
    #expect(await log.wait(for: "listed [\"a\", \"b\"]"))
    async let again = link.call(.reopenLog(id: "a"))
    second.reply(.done, to: try await second.next { $0 == .reopenLog(id: "a") })
    #expect(try await again.reply == .done)
    #expect(!log.all.contains("died"))
    link.close()
    listener.close()
  }

  @Test("A podshim that does not answer costs its callers their deadline, and is there again when it answers")
  func silent() async throws {
    let listener = try Listener()
    let log = ShimConnectionTests.Log()
    let link = Self.link(listener.directory, log)
    link.connect()
    let shim = try await listener.accept()
    #expect(await link.reached.wait(atMost: .milliseconds(100)) == false)
    await #expect(throws: ShimError.unanswered("list")) { try await link.call(.list, within: .milliseconds(100)) }
    try await Self.greet(shim)
    #expect(await link.reached.wait(atMost: .seconds(60)))
    #expect(link.isConnected && !log.all.contains("died"))
    link.close()
    listener.close()
  }

  @Test("A socket that nobody listens on, without a process, is a podshim that has ended; told once")
  func gone() async throws {
    let listener = try Listener()
    let directory = listener.directory
    listener.close()
    let log = ShimConnectionTests.Log()
    let link = Self.link(directory, log)
    link.connect()
    #expect(await link.reached.wait(atMost: .seconds(60)))
    #expect(await log.wait(for: "died"))
    await #expect(throws: ShimError.gone) { try await link.call(.list) }
    #expect(log.all == ["died"])
  }

  @Test("The end of the process is the end, also while calls wait; a broken connection alone is not")
  func death() async throws {
    let (stream, shim) = try ScriptedShim.pair()
    let log = ShimConnectionTests.Log()
    let link = Self.link("/nonexistent", log)
    try link.begin(stream)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sleep")
    process.arguments = ["60"]
    try process.run()
    link.watch(try PidFD(opening: process.processIdentifier))
    let call = Task { try await link.call(.list) }
    _ = try await shim.next(ShimConnectionTests.isList)
    #expect(!log.all.contains("died"))
    kill(process.processIdentifier, SIGKILL)
    await #expect(throws: ShimError.gone) { try await call.value }
    #expect(await link.ended.wait(atMost: .seconds(60)))
    #expect(log.all.filter { $0 == "died" }.count == 1)
    process.waitUntilExit()
  }

  @Test("A podshim of an older version is never asked for what it cannot do, and serves the rest")
  func version() async throws {
    let (stream, shim) = try ScriptedShim.pair()
    let link = Self.link("/nonexistent", ShimConnectionTests.Log())
    try link.begin(stream)
    shim.reply(.hello(version: 1, pid: getpid()), to: try await shim.next { if case .hello = $0 { true } else { false } })
    #expect(await eventually { link.protocolVersion == 1 })
    let request = SpawnRequest(id: "x", program: [])
    let error = await #expect(throws: RuntimeError.self) {
      try await link.spawn(request, descriptors: [], program: [.emptyRoot], command: [])
    }
    #expect(error?.code == .failedPrecondition)
    let call = Task { try await link.call(.list) }
    shim.reply(.processes([]), to: try await shim.next(ShimConnectionTests.isList))
    #expect(try await call.value.reply == .processes([]))
    link.close()
  }
}
