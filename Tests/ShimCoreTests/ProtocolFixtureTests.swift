import Foundation
import ShimCore
import Testing

/// What agents and podshims of released versions say, as bytes that are never written again: a pod keeps its podshim for all its life, so
/// that every later agent talks to podshims of every version, and a pod may meet an older agent than the one that made it.
@Suite("Frames of protocol version 2")
struct ProtocolFixtureTests {
  private enum Message: Sendable, Equatable {
    case request(ShimRequest)
    case reply(ShimReply)
    case event(ShimEvent)
  }

  /// Of version 2. A later version adds a list and a file of its own.
  private static let messages: [(name: String, message: Message)] = {
    var spawn = SpawnRequest(id: "c1", program: SetupProgram.encode([.newSession, .pause]))
    spawn.cloneFlags = 0x2002_0000
    (spawn.cgroupSlot, spawn.pidNamespaceSlot) = (1, 2)
    (spawn.joinPIDOf, spawn.joinsPID, spawn.joinProcess) = ("p", true, "q")
    spawn.uidMappings = [IDMapping(containerID: 0, hostID: 100_000, length: 65536)]
    spawn.gidMappings = [IDMapping(containerID: 1, hostID: 200_000, length: 2)]
    (spawn.stdio, spawn.openStdin, spawn.stdinOnce) = (.pipes, true, true)
    (spawn.logPath, spawn.logDirectory, spawn.exitRecordPath) = ("/var/log/pods/x/c/0.log", "/var/log/pods/x", "c1.exit")
    (spawn.drainMilliseconds, spawn.setupMilliseconds) = (1000, 30_000)
    let exit = ExitRecord(id: "c1", exitCode: 137, signal: 9, oomKilled: true, finishedAt: 1_475_713_029_669_794_202, startedAt: 17)
    let running = ExitRecord(id: "c2", exitCode: 0, signal: 0, oomKilled: false, finishedAt: 0, startedAt: 18)
    return [
      ("hello", .request(.hello(version: 2))), ("spawn", .request(.spawn(spawn))), ("start", .request(.start(id: "c1", at: 5))),
      ("signal", .request(.signal(id: "c1", number: 15, all: true))), ("reopen-log", .request(.reopenLog(id: "c1"))),
      ("list", .request(.list)), ("attach", .request(.attach(id: "c1", streams: 7))),
      ("resize", .request(.resize(id: "c1", columns: 80, rows: 25))), ("remove", .request(.remove(id: "c1"))),
      ("namespaces", .request(.namespaces(flags: 0x4000_0000))), ("shutdown", .request(.shutdown)),
      ("hello-reply", .reply(.hello(version: 2, pid: 4711))), ("spawned", .reply(.spawned(pid: 7))), ("done", .reply(.done)),
      (
        "processes",
        .reply(
          .processes([
            ProcessEntry(id: "", pid: 3, phase: .running, exit: running),
            ProcessEntry(id: "c1", pid: 0, phase: .exited, exit: exit),
            ProcessEntry(id: "c2", pid: 8, phase: .running, exit: running),
            ProcessEntry(id: "c3", pid: 9, phase: .created, exit: running),
          ]))
      ), ("failed", .reply(.failed(SetupFailure(operation: 2, call: "openat2", errno: 2, detail: "/x")))),
      ("refused", .reply(.refused(errno: 16, text: "busy"))), ("exited", .event(.exited(exit))), ("oom", .event(.oom(id: "c1"))),
      ("log-lost", .event(.logLost(id: "c1", lines: 12, errno: 28))),
    ]
  }()

  /// Every operation of protocol 2.
  static let program: [SetupOperation] = [
    .joinNamespaces(slot: 255, flags: 0x7C02_0000), .unshare(flags: 1), .rootPropagation(flags: 0x84000),
    .overlayRoot(layers: ["/a", "/b"], upper: "/u", work: "/w", at: "/m"),
    .overlayRootByMount(base: "/x", layers: ["1", "2"], upper: "", work: "", at: "/m"), .bindRoot(source: "/s", at: "/m"),
    .emptyRoot,
    .currentRoot, .newRootPropagation(flags: 1 << 18),
    .fileSystem(type: "tmpfs", source: "tmpfs", target: "/dev", attributes: 2, options: ["mode=755", "ro"]),
    .bind(BindMount(source: "/é", slot: 3, subPath: "p", target: "/t", attributesSet: 1, propagation: 9, requiredType: 0o020000)),
    .makeDirectory(path: "/d", mode: 0o700), .makeNode(path: "/n", mode: 0o020666, major: 1, minor: 3, uid: 4, gid: 5),
    .makeSymlink(target: "pts/ptmx", path: "/dev/ptmx"), .mask(path: "/proc/kcore"), .readOnly(path: "/proc/sys"), .readOnlyRoot,
    .pivotRoot, .hostname("h"), .domainname("d"), .sysctl(path: "net/ipv4/ip_forward", value: "1"),
    .resourceLimit(resource: 7, soft: 1024, hard: .max, optional: true), .oomScoreAdjust(value: -998, optional: false),
    .umask(0o22), .newSession, .controllingTerminal, .console, .groups([1, 2, 3]), .groupID(5), .userID(6),
    .boundingCapabilities(keep: 7), .keepCapabilities, .capabilities(effective: 1, permitted: 2, inheritable: 3),
    .ambientCapabilities(9), .noNewPrivileges, .seccomp(flags: 1, program: [6, 0, 0, 0, 0, 0, 0xFF, 0x7F]),
    .appArmorProfile("p"), .changeDirectory(path: "/w", create: true), .awaitStart,
    .execute(candidates: ["/bin/a"], arguments: ["a", ""], environment: ["A=b"]), .pause,
  ]
  private static let exitRecord = """
    version=1
    id=c1
    exit_code=137
    signal=9
    oom_killed=true
    finished_at=1475713029669794202
    started_at=17

    """

  private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Fixtures/protocol-2.txt")

  /// By name.
  private static func fixture() throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      found[String(words[0])] = stride(from: 0, to: words[1].count, by: 2).compactMap { offset in
        UInt8(words[1].dropFirst(offset).prefix(2), radix: 16)
      }
    }
    return found
  }

  private static func encode(_ message: Message) -> [UInt8] {
    switch message {
    case .request(let request): ShimFrame.encode(request, id: 9, descriptorCount: 1)
    case .reply(let reply): ShimFrame.encode(reply, id: 9)
    case .event(let event): ShimFrame.encode(event)
    }
  }

  @Test("Are understood, and what is said now begins with the same bytes: both sides skip what was added at the end")
  func frames() throws {
    let fixture = try Self.fixture()
    #expect(fixture.count == Self.messages.count + 1)
    for (name, message) in Self.messages {
      let old = try #require(fixture[name], "\(name)")
      let header = try ShimFrame.decodeHeader(old)
      let payload = Array(old.dropFirst(ShimFrame.headerSize))
      let understood: Message =
        switch message {
        case .request: .request(try ShimFrame.decodeRequest(kind: header.kind, payload: payload))
        case .reply: .reply(try ShimFrame.decodeReply(kind: header.kind, payload: payload))
        case .event: .event(try ShimFrame.decodeEvent(kind: header.kind, payload: payload))
        }
      #expect(understood == message, "\(name)")
      let new = Self.encode(message)
      // But for the length.
      #expect(new.dropFirst(4).starts(with: old.dropFirst(4)), "\(name)")
    }
  }

  @Test("Every operation of a set-up program is written as it was, and an exit record is read")
  func program() throws {
    let old = try #require(try Self.fixture()["program"])
    #expect(try SetupProgram.decode(old) == Self.program)
    #expect(SetupProgram.encode(Self.program) == old)
    let record = try ExitRecord(fileContent: Array(Self.exitRecord.utf8))
    #expect(record.exitCode == 137 && record.oomKilled && record.startedAt == 17 && record.id == "c1")
  }

  /// How the fixture was made. Runs when SWIFTLET_WRITE_FIXTURE names the file to write.
  @Test("A fixture can be written") func write() throws {
    guard let path = ProcessInfo.processInfo.environment["SWIFTLET_WRITE_FIXTURE"] else { return }
    let lines = Self.messages.map { ($0.name, Self.encode($0.message)) } + [("program", SetupProgram.encode(Self.program))]
    let text = lines.map { name, bytes in
      name + " " + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\n"
    }
    try text.joined().write(toFile: path, atomically: true, encoding: .utf8)
  }
}
