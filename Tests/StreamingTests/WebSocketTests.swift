import LinuxSystem
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Streaming

@Suite("Streams in WebSockets", .timeLimit(.minutes(5))) struct WebSocketTests {
  private func withServer(_ body: (StreamingServer) async throws -> Void) async throws {
    let server = StreamingServer(.init())
    try await server.start()
    let running = Task { await server.run() }
    try await body(server)
    running.cancel()
    await running.value
  }

  @Test("each channel has its stream, v5 ends the input, and a status comes before the end", arguments: ["v5", "v4"])
  func channels(version: String) async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try await RawClient.webSocket(try server.exec(process.request()), "\(version).channel.k8s.io")
      #expect(await client.head().hasPrefix("HTTP/1.1 101 "))
      #expect(await client.frame()! == (2, [1]))
      await client.frame(2, [0] + Array("hello".utf8))
      #expect(await process.input.text(5) == "hello")
      await client.frame(9, [1, 2])
      #expect(await client.frame()! == (10, [1, 2]))
      if version == "v5" {
        await client.frame(2, [255, 0])
        #expect(await process.input.read().isEmpty)
      }
      await process.error.write("bad")
      #expect(await client.frame()! == (2, [2] + Array("bad".utf8)))
      await process.output.write([UInt8](repeating: 7, count: 100_000))
      var count = 0
      while count < 100_000, let (_, payload) = await client.frame() {
        #expect(payload.first == 1)
        count += payload.count - 1
      }
      process.closeOutputs()
      process.end(.exited(4))
      let status = await client.frame()!
      #expect(status.payload.first == 3)
      #expect(ExitStatus.end(Array(status.payload.dropFirst())) == .exited(4))
      #expect(await client.frame()! == (8, [3, 232]))
    }
  }

  @Test("base64 channels are text", arguments: ["v4.base64.channel.k8s.io", "base64.channel.k8s.io"])
  func base64(name: String) async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try await RawClient.webSocket(try server.exec(process.request(tty: true)), name)
      _ = await client.head()
      #expect(await client.frame()! == (1, Array("1".utf8)))
      await client.frame(1, Array("0Zm9v".utf8))
      #expect(await process.input.text(3) == "foo")
      await client.frame(1, Array("4".utf8) + Base64.encode(#"{"Width":90,"Height":20}"#.utf8))
      #expect(await eventually { process.sizes.withLock { $0 } == [90, 20] })
      await process.output.write("bar")
      #expect(await client.frame()! == (1, Array("1YmFy".utf8)))
      process.closeOutputs()
      process.end(.exited(0))
      if name.hasPrefix("v4") { #expect(await client.frame()!.payload.first == UInt8(ascii: "3")) }
      #expect(await client.frame()!.kind == 8)
    }
  }

  @Test("a client that breaks the rules is told so, and the process is let go") func rules() async throws {
    try await withServer { server in
      for bytes: [UInt8] in [[0x82, 0x01, 0], [0x82, 0xFF, 0, 0, 0, 0, 0, 0x20, 0, 0, 1, 2, 3, 4]] {
        let process = try TestProcess()
        let client = try await RawClient.webSocket(try server.exec(process.request()), "v5.channel.k8s.io")
        _ = (await client.head(), await client.frame())
        await client.send(bytes)
        #expect(await client.frame()?.kind == 8)
        #expect(await eventually { process.isAbandoned.withLock { $0 } })
        process.end(.exited(0))
      }
    }
  }

  @Test("requests that are none are refused in words") func refusals() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let place = try #require(server.place)
      #expect(await (try RawClient("\(place)/exec/nothing", ["Upgrade: SPDY/3.1"])).head().hasPrefix("HTTP/1.1 404 "))
      #expect(await (try RawClient("\(place)/other", [])).head().hasPrefix("HTTP/1.1 404 "))
      let unknown = try await RawClient(
        try server.exec(process.request()), ["Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: v9.channel.k8s.io"])
      let head = await unknown.head()
      #expect(head.hasPrefix("HTTP/1.1 403 ") && head.contains("X-Accepted-Stream-Protocol-Versions: v4.channel.k8s.io"))
      #expect(await (try RawClient(try server.exec(process.request()), [])).head().hasPrefix("HTTP/1.1 400 "))
      let long = try await RawClient("\(place)/exec/x", [String(repeating: "a", count: 20_000)])
      #expect(await long.head().hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test("port-forward in a WebSocket is SPDY in its messages, cut anywhere") func tunnel() async throws {
    try await withServer { server in
      let url = try server.portForward(ForwardRequest { port in throw ProcessEnd.failed("no \(port)") })
      let client = try await RawClient.webSocket(url, "SPDY/3.1+portforward.k8s.io")
      #expect(await client.head().contains("Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io"))
      var writer = SPDYFrameWriter()
      let fields: [(name: String, value: String)] = [("port", "9"), ("requestid", "0")]
      var bytes = writer.openStream(1, SPDYHeaders([("streamtype", "error")] + fields), ends: true)
      bytes.writeImmutableBuffer(writer.openStream(3, SPDYHeaders([("streamtype", "data")] + fields)))
      for byte in bytes.readableBytesView { await client.frame(2, [byte]) }
      var (parser, replies, text, resets) = (SPDYFrameParser(), 0, "", 0)
      while resets == 0, let (_, payload) = await client.frame() {
        parser.append(.init(bytes: payload))
        while let frame = try parser.next() {
          switch frame {
          case .reply: replies += 1
          case .data(1, let part, _): text += String(buffer: part)
          case .reset(3, _): resets += 1
          default: break
          }
        }
      }
      #expect(replies == 2)
      #expect(text.contains("no 9"))
    }
  }
}
