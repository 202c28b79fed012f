import ShimCore
import Testing

/// What every decoder must do with every input: give a value or throw, and read back what it wrote.
enum CodecFuzz {
  static func check(_ bytes: [UInt8]) {
    if let operations = try? SetupProgram.decode(bytes) {
      #expect((try? SetupProgram.decode(SetupProgram.encode(operations))) == operations)
    }
    if let header = try? ShimFrame.decodeHeader(bytes) {
      #expect(
        header.payloadLength >= 0 && header.payloadLength <= ShimProtocol.maximumFrame && (0...255).contains(header.descriptorCount)
      )
    }
    let kind = bytes.first ?? 0
    let payload = Array(bytes.dropFirst())
    if let request = try? ShimFrame.decodeRequest(kind: kind, payload: payload) {
      let again = Array(ShimFrame.encode(request, id: 1).dropFirst(ShimFrame.headerSize))
      #expect((try? ShimFrame.decodeRequest(kind: kind, payload: again)) == request)
    }
    if let reply = try? ShimFrame.decodeReply(kind: kind, payload: payload) {
      let again = Array(ShimFrame.encode(reply, id: 1).dropFirst(ShimFrame.headerSize))
      #expect((try? ShimFrame.decodeReply(kind: kind, payload: again)) == reply)
    }
    if let event = try? ShimFrame.decodeEvent(kind: kind, payload: payload) {
      let again = Array(ShimFrame.encode(event).dropFirst(ShimFrame.headerSize))
      #expect((try? ShimFrame.decodeEvent(kind: kind, payload: again)) == event)
    }
    _ = try? ExitRecord(fileContent: bytes)
    _ = ExecutableHeader.interpreter(bytes)
  }

  /// Valid messages to begin with.
  static let seeds: [[UInt8]] = {
    let program: [SetupOperation] = [
      .joinNamespaces(slot: 255, flags: 1), .overlayRoot(layers: ["/a", "/b"], upper: "/u", work: "/w", at: "/m"), .emptyRoot,
      .detachedRoot(slot: 3), .streamOwner(65536),
      .bind(BindMount(source: "/s", target: "/t")), .makeNode(path: "/dev/null", mode: 1, major: 1, minor: 3, uid: 0, gid: 0),
      .groups([1, 2, 3]), .seccomp(flags: 0, program: [1, 2, 3, 4, 5, 6, 7, 8]), .awaitStart,
      .execute(candidates: ["/a"], arguments: ["a", "b"], environment: ["C=d"]),
    ]
    var messages =
      ShimFrameTests.requests.map { ShimFrame.encode($0, id: 9) } + ShimFrameTests.replies.map { ShimFrame.encode($0, id: 9) }
    messages.append(ShimFrame.encode(.exited(ShimFrameTests.record)))
    messages.append(ShimFrame.encode(.logLost(id: "a", lines: 7, errno: 28)))
    return [SetupProgram.encode(program), ShimFrameTests.record.fileContent()] + messages
      + messages.map { [$0[4]] + $0.dropFirst(ShimFrame.headerSize) }
  }()

  /// `count` mutations of the seeds, the same ones for the same `seed`.
  static func run(seed: UInt64, count: Int) {
    var state = seed | 1
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(max(1, bound)))
    }
    for _ in 0..<count {
      var bytes = seeds[next(seeds.count)]
      for _ in 0...next(4) {
        let position = next(bytes.count)
        switch next(5) {
        case 0 where !bytes.isEmpty: bytes[position] = UInt8(next(256))
        case 1 where !bytes.isEmpty: bytes[position] ^= UInt8(1 << next(8))
        case 2: bytes.removeLast(min(bytes.count, next(8)))
        case 3: bytes.insert(contentsOf: (0..<next(6)).map { _ in UInt8(next(256)) }, at: min(position, bytes.count))
        default:
          if bytes.count > 4 {
            bytes.replaceSubrange(
              position..<min(bytes.count, position + 4), with: [255, 255, 255, 255].prefix(min(4, bytes.count - position)))
          }
        }
      }
      check(bytes)
    }
  }
}

@Suite("Hostile bytes") struct CodecFuzzTests {
  @Test("no bytes make a decoder trap, and what it accepts it writes again", arguments: [1, 2, 3, 4] as [UInt64])
  func mutations(_ seed: UInt64) {
    for seed in CodecFuzz.seeds { CodecFuzz.check(seed) }
    CodecFuzz.run(seed: seed &* 0x9E37_79B9_7F4A_7C15, count: 3000)
  }
}
