import ShimCore
import Testing

@Suite("Frames between agent and podshim")
struct ShimFrameTests {
  static let requests: [ShimRequest] = {
    var spawn = SpawnRequest(id: "c1", program: [1, 2, 3])
    spawn.uidMappings = [IDMapping(containerID: 0, hostID: 100_000, length: 65536)]
    spawn.stdio = .passedTerminal
    spawn.joinsPID = true
    spawn.logPath = "/var/log/pods/x/0.log"
    return [
      .hello(version: 1), .spawn(spawn), .start(id: "a", at: 5), .signal(id: "a", number: 9, all: true), .reopenLog(id: "a"), .list,
      .attach(id: "a", streams: 7), .resize(id: "a", columns: 80, rows: 25), .remove(id: ""), .namespaces(flags: 5), .shutdown,
    ]
  }()
  static let record = ExitRecord(
    id: "a", exitCode: 137, signal: 9, oomKilled: true, finishedAt: 1_475_713_029_669_794_202, startedAt: 17)
  static let replies: [ShimReply] = [
    .hello(version: 1, pid: 5), .spawned(pid: 7), .done,
    .processes([ProcessEntry(id: "a", pid: 3, phase: .exited, exit: record)]),
    .failed(SetupFailure(operation: 2, call: "openat2", errno: 2, detail: "/x")), .refused(errno: 16, text: "busy"),
  ]

  @Test("Requests round-trip, and their truncations are errors", arguments: requests)
  func request(_ request: ShimRequest) throws {
    let bytes = ShimFrame.encode(request, id: 9, descriptorCount: 2)
    let header = try ShimFrame.decodeHeader(Array(bytes.prefix(ShimFrame.headerSize)))
    #expect(header.requestID == 9)
    #expect(header.descriptorCount == 2)
    let payload = Array(bytes.dropFirst(ShimFrame.headerSize))
    #expect(payload.count == header.payloadLength)
    #expect(try ShimFrame.decodeRequest(kind: header.kind, payload: payload) == request)
    #expect(try ShimFrame.decodeRequest(kind: header.kind, payload: payload + [1, 2]) == request)
    // What came with a later version may be missing: of a spawn, the limit of its set-up and the directory of its log; of a start, its time.
    let required =
      switch request {
      case .spawn, .start: payload.count - 8
      default: payload.count
      }
    for length in 0..<required {
      #expect(throws: CodecError.self) { try ShimFrame.decodeRequest(kind: header.kind, payload: Array(payload[..<length])) }
    }
  }

  @Test("A request of version 1, without what came later, is read with its defaults")
  func older() throws {
    var spawn = SpawnRequest(id: "c1", program: [1])
    spawn.setupMilliseconds = 5
    spawn.logDirectory = "/logs"
    let newer = Array(ShimFrame.encode(.spawn(spawn), id: 1).dropFirst(ShimFrame.headerSize))
    #expect(try ShimFrame.decodeRequest(kind: 2, payload: newer) == .spawn(spawn))
    spawn.logDirectory = ""
    #expect(try ShimFrame.decodeRequest(kind: 2, payload: Array(newer.dropLast(9))) == .spawn(spawn))
    spawn.setupMilliseconds = 0
    #expect(try ShimFrame.decodeRequest(kind: 2, payload: Array(newer.dropLast(13))) == .spawn(spawn))
  }

  @Test("Replies round-trip", arguments: replies)
  func reply(_ reply: ShimReply) throws {
    let bytes = ShimFrame.encode(reply, id: 3)
    let header = try ShimFrame.decodeHeader(bytes)
    #expect(try ShimFrame.decodeReply(kind: header.kind, payload: Array(bytes.dropFirst(ShimFrame.headerSize))) == reply)
  }

  @Test("An exit record file comes back, and a damaged one is an error")
  func exitRecord() throws {
    let content = Self.record.fileContent()
    #expect(try ExitRecord(fileContent: content) == Self.record)
    #expect(throws: CodecError.self) { try ExitRecord(fileContent: Array(content.prefix(content.count / 2))) }
  }
}
