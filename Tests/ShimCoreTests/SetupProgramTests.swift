import ShimCore
import Testing

@Suite("The set-up program codec")
struct SetupProgramTests {
  static let every: [SetupOperation] = [
    .joinNamespaces(slot: 255, flags: 0x7C02_0000), .unshare(flags: 1), .rootPropagation(flags: 0x84000),
    .overlayRoot(layers: ["/a", "/b"], upper: "/u", work: "/w", at: "/m"),
    .overlayRootByMount(base: "/x", layers: ["1", "2"], upper: "", work: "", at: "/m"), .bindRoot(source: "/s", at: "/m"),
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

  @Test("Every operation comes back as it went in")
  func roundTrip() throws {
    #expect(try SetupProgram.decode(SetupProgram.encode(Self.every)) == Self.every)
  }

  @Test("Every truncation is an error, never a trap")
  func truncation() {
    let bytes = SetupProgram.encode(Self.every)
    for length in 0..<bytes.count {
      #expect(throws: CodecError.self) { try SetupProgram.decode(Array(bytes[..<length])) }
    }
  }

  @Test("Flipped and random bytes never trap")
  func hostile() {
    var generator = SystemRandomNumberGenerator()
    let bytes = SetupProgram.encode(Self.every)
    for _ in 0..<20_000 {
      var damaged = bytes
      for _ in 0..<3 { damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator) }
      _ = try? SetupProgram.decode(damaged)
      _ = try? SetupProgram.decode((0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
  }

  @Test("A string with a NUL byte is refused")
  func nul() {
    let bytes = SetupProgram.encode([.hostname("a\0b")])
    #expect(throws: CodecError.malformed) { try SetupProgram.decode(bytes) }
  }
}
