import Foundation
import Testing
import YAML

@testable import swiftctl

@Suite("swiftctl") struct SwiftctlTests {
  @Test(
    "a port that makes no sense is told, not trapped",
    arguments: ["", "/", "80", "80:/udp", "80:90/udp/x", "0:80", "a:b", "80:90/icmp"])
  func ports(text: String) { #expect(throws: Failure.self) { try RunCommand.port(text) } }

  @Test("a part of a name is found wherever it stands") func parts() {
    for part in ["", "web", "b-v", "vm", "web-vm", "-"] { #expect(Filters.has("web-vm", part), "\(part)") }
    for part in ["x", "web-vm-", "mv", "W"] { #expect(!Filters.has("web-vm", part), "\(part)") }
    #expect(Filters.has("", "") && !Filters.has("", "a") && Filters.has("größe", "öß"))
  }

  @Test("a UID has 32 digits, and is another one each time") func uid() {
    let uids = Set((0..<100).map { _ in RunCommand.makeUID() })
    #expect(uids.count == 100 && uids.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
  }

  @Test("a cell is one line, and a long one moves its own row only") func table() {
    var table = Table(["NAME", "MESSAGE"])
    table.add(["a", "one\ntwo\tthree"])
    table.add([String(repeating: "n", count: 300), "x"])
    let lines = table.text().split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1] == "a" + String(repeating: " ", count: 66) + "one two three")
    #expect(lines[2].count == 304)
  }

  @Test("values written as YAML are read back as they were")
  func yaml() throws {
    let tree = JSONTree.object([
      "name": .string("web-vm"), "path": .string("/var/log"), "empty": .string(""), "list": .array([]), "map": .object([:]),
      "yes": .string("yes"), "number": .string("1e3"), "null": .null, "colon": .string("a: b"), "end": .string("a:"),
      "lines": .string("one\n  two\t\u{7f}\u{2028}\u{feff}"), "quote\"d": .string("\\ \""), "n": .integer(-5), "d": .number(0.5),
      "dash": .string("- x"), "hash": .string("a #b"), "digest": .string("sha256:0123"), "date": .string("2026-01-01"),
      "deep": .array([
        .object(["a": .integer(1), "b": .array([.string("x"), .array([.bool(true), .array([])])])]),
        .array([.object(["k": .null])]),
      ]),
    ])
    #expect(try Self.tree(#require(try Parser(YAMLText.of(tree)).nextDocument())) == tree)
    #expect(
      YAMLText.of(.object(["items": .array([.object(["a": .string("b"), "c": .integer(1)])])])) == "items:\n- a: b\n  c: 1\n")
  }

  /// As the core schema of YAML 1.2 reads it.
  private static func tree(_ node: YAMLNode) -> JSONTree {
    switch node {
    case .mapping(let map):
      return .object(
        Dictionary(uniqueKeysWithValues: map.entries.map { ($0.key.scalar?.string ?? "?", tree($0.value)) }))
    case .sequence(let list): return .array(list.items.map(tree))
    case .scalar(let scalar):
      if scalar.style == .quoted { return .string(scalar.string) }
      switch scalar.string {
      case "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      case "[]": return .array([])
      case "{}": return .object([:])
      default:
        if let integer = Int64(scalar.string) { return .integer(integer) }
        if let number = Double(scalar.string) { return .number(number) }
        return .string(scalar.string)
      }
    }
  }

  @Test("the endpoint is the flag's, the environment's, the file's, or Swiftlet's own") func endpoint() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("crictl-\(UUID().uuidString).yaml").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    #expect(try Endpoint.choose(flag: nil, environment: [:], configPath: file) == Endpoint.standard)
    try "image-endpoint: \"\"\nruntime-endpoint: unix:///run/other.sock # mine\ndebug: false\ntimeout: 7\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try Endpoint.choose(flag: nil, environment: [:], configPath: file) == "unix:///run/other.sock")
    #expect(try Endpoint.timeout(flag: nil, configPath: file) == 7 && Endpoint.timeout(flag: 2, configPath: file) == 2)
    #expect(try Endpoint.timeout(flag: nil, configPath: "\(file).absent") == 30)
    let environment = ["CONTAINER_RUNTIME_ENDPOINT": "/run/environment.sock"]
    #expect(try Endpoint.choose(flag: nil, environment: environment, configPath: file) == "unix:///run/environment.sock")
    #expect(try Endpoint.choose(flag: "/run/flag.sock", environment: environment, configPath: file) == "unix:///run/flag.sock")
    try "a: [\n".write(toFile: file, atomically: true, encoding: .utf8)
    #expect { try Endpoint.choose(flag: nil, environment: [:], configPath: file) } throws: {
      ($0 as? Failure)?.message.contains("line 2") == true
    }
    #expect(throws: Failure.self) { try Endpoint.choose(flag: "tcp://1.2.3.4:5", environment: [:], configPath: file) }
  }

  @Test("the last lines of a log, partial ones joined, and what comes after a rotation") func log() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/0.log"
    let long = (0..<30_000).map { "2026-01-01T00:00:00.000000000Z stdout F line \($0)\n" }.joined()
    try (long + "2026-01-01T00:00:01.000000000Z stdout P one \n2026-01-01T00:00:01.000000000Z stdout F two\n").write(
      toFile: path, atomically: true, encoding: .utf8)
    var reader = LogReader(path: path, since: nil, stream: nil, timestamps: false, limit: nil)
    var shown: [UInt8] = []
    reader.write = { bytes, _ in shown += bytes }
    try reader.printExisting(tail: 2)
    #expect(String(decoding: shown, as: UTF8.self) == "line 29999\none two\n")
    try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
    try "2026-01-01T00:00:02.000000000Z stderr F three\n".write(toFile: path, atomically: true, encoding: .utf8)
    try await reader.follow { false }
    #expect(String(decoding: shown, as: UTF8.self) == "line 29999\none two\nthree\n")
    // Twice between two looks; a line came last into the file that was being read.
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    var next = 4
    func line() -> Data {
      defer { next += 1 }
      return Data("2026-01-01T00:00:02.000000000Z stdout F number \(next)\n".utf8)
    }
    try file.write(contentsOf: line())
    for stamp in ["20260101-000003", "20260101-000004"] {
      try FileManager.default.moveItem(atPath: path, toPath: "\(path).\(stamp)")
      try line().write(to: URL(filePath: path))
    }
    var looks = 0
    try await reader.follow {
      looks += 1
      return looks < 3
    }
    #expect(String(decoding: shown, as: UTF8.self).hasSuffix("three\nnumber 4\nnumber 5\nnumber 6\n"))
  }

  @Test("a closed pipe ends the program quietly") func closedPipe() async {
    await #expect(processExitsWith: .exitCode(128 + SIGPIPE)) {
      signal(SIGPIPE, SIG_IGN)
      let pipe = Pipe()
      dup2(pipe.fileHandleForWriting.fileDescriptor, 1)
      try pipe.fileHandleForReading.close()
      Terminal.write(String(repeating: "x", count: 1 << 20))
    }
  }
}
