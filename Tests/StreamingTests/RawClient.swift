import Glibc
import LinuxSystem

/// A connection whose bytes a test writes and reads itself.
struct RawClient: Sendable {
  private let socket: SharedDescriptor

  /// Connects to where a URL leads and asks for an upgrade with these lines.
  init(_ url: String, _ lines: [String]) async throws {
    let rest = url.dropFirst("http://".count)
    let parts = rest.split(separator: "/", maxSplits: 1)
    let port = UInt16(parts[0].split(separator: ":")[1])!
    socket = try await LoopbackSocket.connect(port: port, in: nil, within: .seconds(30))
    socket.withRaw { raw in _ = fcntl(raw, F_SETFL, 0) }
    let text = (["GET /\(parts[1]) HTTP/1.1", "Host: x", "Connection: Upgrade"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
    await send(Array(text.utf8))
  }

  static func webSocket(_ url: String, _ channels: String) async throws -> RawClient {
    let client = try await RawClient(
      url,
      [
        "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: \(channels)",
      ])
    return client
  }

  func send(_ bytes: [UInt8]) async {
    await runBlocking(.foreign) { [socket] in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = socket.withRaw { raw in unsafe rest.withUnsafeBytes { unsafe write(raw, $0.baseAddress, $0.count) } }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// A masked frame.
  func frame(_ kind: UInt8, _ payload: [UInt8]) async {
    let mask: [UInt8] = [1, 2, 3, 4]
    let length: [UInt8] =
      payload.count < 126 ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    await send([0x80 | kind] + length + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] })
  }

  /// Exactly so many, or fewer at the end.
  func read(_ count: Int) async -> [UInt8] {
    await runBlocking(.foreign) { [socket] in
      var bytes: [UInt8] = []
      while bytes.count < count {
        var chunk = [UInt8](repeating: 0, count: count - bytes.count)
        let got = socket.withRaw { raw in unsafe Glibc.read(raw, &chunk, chunk.count) }
        if got <= 0 { break }
        bytes += chunk[..<got]
      }
      return bytes
    }
  }

  /// The bytes of the next SPDY frame; nil at the end.
  func spdyFrame() async -> [UInt8]? {
    let head = await read(8)
    guard head.count == 8 else { return nil }
    return head + (await read(head[5...].reduce(0) { $0 << 8 | Int($1) }))
  }

  /// The head of the answer.
  func head() async -> String {
    var bytes: [UInt8] = []
    while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
      let next = await read(1)
      if next.isEmpty { break }
      bytes += next
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The next frame; nil at the end.
  func frame() async -> (kind: UInt8, payload: [UInt8])? {
    let head = await read(2)
    guard head.count == 2 else { return nil }
    var length = Int(head[1])
    if length == 126 { length = await read(2).reduce(0) { $0 << 8 | Int($1) } }
    if length == 127 { length = await read(8).reduce(0) { $0 << 8 | Int($1) } }
    return (head[0] & 0x0F, await read(length))
  }
}
