import NIOCore
import Netlink
import ShimCore
import TestSupport
import Testing

@testable import GRPCTransport
@testable import PodRuntime

/// Every decoder of bytes from elsewhere: damaged input is an error, never the end of the process, and what is accepted can be written
/// again.
@Suite("Fuzz: codecs") struct CodecFuzzTests {
  @Test("frames between agent and podshim") func frames() async throws {
    var spawn = SpawnRequest(id: "c1", program: SetupProgram.encode([.hostname("h"), .awaitStart, .pause]))
    spawn.uidMappings = [IDMapping(containerID: 0, hostID: 100_000, length: 65536)]
    spawn.logPath = "/var/log/pods/x/0.log"
    let record = ExitRecord(id: "a", exitCode: 137, signal: 9, oomKilled: true, finishedAt: 1_475_713_029_669_794_202)
    let requests: [ShimRequest] = [
      .hello(version: 1), .spawn(spawn), .start(id: "a"), .signal(id: "a", number: 9, all: true), .reopenLog(id: "a"), .list,
      .attach(id: "a", streams: 7), .resize(id: "a", columns: 80, rows: 25), .remove(id: ""), .namespaces(flags: 5), .shutdown,
    ]
    let replies: [ShimReply] = [
      .hello(version: 1, pid: 5), .spawned(pid: 7), .done, .refused(errno: 16, text: "busy"),
      .processes([ProcessEntry(id: "a", pid: 3, phase: .exited, exit: record)]),
      .failed(SetupFailure(operation: 2, call: "openat2", errno: 2, detail: "/x")),
    ]
    let corpus =
      requests.map { ShimFrame.encode($0, id: 9, descriptorCount: 2) } + replies.map { ShimFrame.encode($0, id: 3) }
      + [ShimFrame.encode(.exited(record))]
    try await Fuzzer("frames", corpus: corpus).run(rounds: 1500) { bytes, repetition in
      guard bytes.count >= ShimFrame.headerSize, let header = try? ShimFrame.decodeHeader(bytes) else { return }
      #expect(header.payloadLength <= ShimProtocol.maximumFrame, "\(repetition)")
      let payload = Array(bytes.dropFirst(ShimFrame.headerSize))
      _ = try? ShimFrame.decodeReply(kind: header.kind, payload: payload)
      _ = try? ShimFrame.decodeEvent(kind: header.kind, payload: payload)
      if let request = try? ShimFrame.decodeRequest(kind: header.kind, payload: payload) {
        let again = ShimFrame.encode(request, id: header.requestID)
        let known = try? ShimFrame.decodeRequest(kind: header.kind, payload: Array(again.dropFirst(ShimFrame.headerSize)))
        #expect(known == request, "\(repetition)")
      }
    }
  }

  @Test("set-up programs") func programs() async throws {
    let corpus: [[SetupOperation]] = [
      [.joinNamespaces(slot: 255, flags: 0x7C02_0000), .overlayRoot(layers: ["/a", "/b"], upper: "/u", work: "/w", at: "/m")],
      [
        .bind(
          BindMount(source: "/é", slot: 3, subPath: "p", target: "/t", attributesSet: 1, propagation: 9, requiredType: 0o020000)),
        .makeNode(path: "/n", mode: 0o020666, major: 1, minor: 3, uid: 4, gid: 5), .sysctl(path: "net/ipv4/ip_forward", value: "1"),
      ],
      [
        .groups([1, 2, 3]), .capabilities(effective: 1, permitted: 2, inheritable: 3),
        .seccomp(flags: 1, program: [6, 0, 0, 0, 0, 0, 0xFF, 0x7F]),
        .execute(candidates: ["/bin/a"], arguments: ["a", ""], environment: ["A=b"]),
      ],
    ]
    try await Fuzzer("programs", corpus: corpus.map(SetupProgram.encode)).run(rounds: 1500) { bytes, repetition in
      guard let operations = try? SetupProgram.decode(bytes) else { return }
      #expect((try? SetupProgram.decode(SetupProgram.encode(operations))) == operations, "\(repetition)")
    }
  }

  @Test("exit records") func exits() async throws {
    let record = ExitRecord(id: "a", exitCode: 137, signal: 9, oomKilled: true, finishedAt: 1_475_713_029_669_794_202)
    try await Fuzzer("exits", corpus: [record.fileContent()]).run(rounds: 2000) { bytes, repetition in
      if let found = try? ExitRecord(fileContent: bytes) {
        #expect((try? ExitRecord(fileContent: found.fileContent())) == found, "\(repetition)")
      }
    }
  }

  @Test("records of the runtime: damage is found, or changes nothing that is read") func records() async throws {
    var writer = RecordWriter()
    writer.text(1, "web")
    writer.texts(2, ["a", "b"])
    writer.number(3, -5)
    writer.flag(4, true)
    writer.bytes(5, Array(0...255))
    let good = writer.finish(.sandbox)
    try await Fuzzer("records", corpus: [good, writer.finish(.containerState)]).run(rounds: 1500) { bytes, repetition in
      guard let reader = try? RecordReader(bytes, .sandbox) else { return }
      // A 32-bit sum lets one damage in four thousand million pass: whatever is accepted is read without a trap.
      _ = (reader.text(1), reader.texts(2), reader.number(3), reader.flag(4), reader.bytes(5), repetition)
    }
  }

  @Test("log lines: every byte comes out once, in lines of bounded length") func logLines() async throws {
    let corpus: [[UInt8]] = [
      Array("one\ntwo\r\n\n".utf8), [UInt8](repeating: 0x61, count: 20_000), [0xff, 0x00, 0x0a, 0x0d, 0x0a, 0xc3],
    ]
    try await Fuzzer("loglines", corpus: corpus, tokens: ["\n", "\r\n", "\r"]).run(rounds: 60) { bytes, repetition in
      var (lines, clock, output) = (LogLines(isError: false), TimestampFormatter(), [UInt8]())
      var rest = bytes[...]
      var random = SeededGenerator(UInt64(bytes.count))
      while !rest.isEmpty {
        let chunk = Array(rest.prefix(Int.random(in: 1...9000, using: &random)))
        lines.feed(chunk, count: chunk.count, at: 1_700_000_000_000_000_000, clock: &clock, to: &output)
        rest = rest.dropFirst(chunk.count)
      }
      lines.finish(at: 1_700_000_000_000_000_001, clock: &clock, to: &output)
      var content: [UInt8] = []
      for line in output.split(separator: UInt8(ascii: "\n")) {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4 else {
          Issue.record("\(repetition): a line of \(parts.count) parts")
          return
        }
        #expect(parts[3].count <= LogLines.maximumContent, "\(repetition)")
        content += parts[3]
        if parts[2] == [UInt8(ascii: "F")] { content.append(UInt8(ascii: "\n")) }
      }
      // One CR before an LF belongs to the line's end.
      var expected: [UInt8] = []
      for byte in bytes {
        if byte == UInt8(ascii: "\n"), expected.last == UInt8(ascii: "\r") { expected.removeLast() }
        expected.append(byte)
      }
      #expect(content == expected, "\(repetition)")
    }
  }

  @Test("netlink datagrams") func netlink() async throws {
    var link = NetlinkCorpus.message(type: 16, body: [0, 0, 1, 0, 2, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0])
    link += NetlinkCorpus.message(type: 20, body: [2, 24, 0, 0, 2, 0, 0, 0] + NetlinkCorpus.attribute(1, [10, 0, 0, 1]))
    let error = NetlinkCorpus.message(type: 2, body: [0xfe, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 16))
    let done = NetlinkCorpus.message(type: 3, body: [0, 0, 0, 0])
    let named = NetlinkCorpus.message(
      type: 16,
      body: [UInt8](repeating: 0, count: 16) + NetlinkCorpus.attribute(3, Array("veth0\0".utf8))
        + NetlinkCorpus.attribute(18, NetlinkCorpus.attribute(1, Array("veth\0".utf8))))
    try await Fuzzer("netlink", corpus: [link, error + done, named + done]).run(rounds: 1500) { bytes, repetition in
      for message in NetlinkMessage.parse(bytes) {
        #expect(message.payload.count <= bytes.count, "\(repetition)")
        for attribute in message.attributes(after: 16) {
          _ = (attribute.integer(as: UInt32.self), Attribute.parse(attribute.payload))
        }
        _ = (LinkInfo(message), ConntrackFlow(message))
      }
    }
  }

  @Test("gRPC messages in a stream of bytes: none is longer than the limit") func messages() async throws {
    let corpus: [[UInt8]] = [
      [0, 0, 0, 0, 4, 0x0a, 2, 0x68, 0x69, 0, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0], [0, 0xff, 0xff, 0xff, 0xff],
    ]
    try await Fuzzer("messages", corpus: corpus).run(rounds: 1500) { bytes, repetition in
      var buffer = ByteBuffer(bytes: bytes)
      while let message = try? MessageFraming.nextMessage(in: &buffer, limit: 64) {
        #expect(message.readableBytes <= 64, "\(repetition)")
      }
      #expect(buffer.readableBytes <= bytes.count, "\(repetition)")
    }
  }

  @Test("a gRPC status message comes back, whatever it says; damaged ones are read") func statusMessages() async throws {
    let corpus = [Array("no such file – 100 % sure\nsecond".utf8), Array("%C3%A4%".utf8), Array("%zz%0".utf8)]
    try await Fuzzer("status", corpus: corpus, tokens: ["%", "%e4", "%00"]).run(rounds: 1000) { bytes, repetition in
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(StatusMessage.decode(StatusMessage.encode(text)) == text, "\(repetition)")
      _ = (StatusMessage.decode(text), CallTimeout.decode(text))
    }
  }
}

/// Messages as the kernel writes them: netlink(7), rtnetlink(7).
private enum NetlinkCorpus {
  static func message(type: UInt8, body: [UInt8]) -> [UInt8] {
    let length = 16 + body.count
    return [UInt8(length & 0xff), UInt8(length >> 8), 0, 0, type, 0, 2, 0, 5, 0, 0, 0, 0, 0, 0, 0] + padded(body)
  }
  static func attribute(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] { [UInt8(payload.count + 4), 0, type, 0] + padded(payload) }
  private static func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }
}
