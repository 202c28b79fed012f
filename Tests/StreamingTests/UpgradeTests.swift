import NIOCore
import Testing

@testable import Streaming

@Suite("Requests for streams") struct UpgradeTests {
  private func head(_ lines: String...) throws -> HTTPHead {
    var buffer = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\nrest")
    let head = try #require(try HTTPHead.read(from: &buffer))
    #expect(String(buffer: buffer) == "rest")
    return head
  }

  private func transport(_ head: HTTPHead, forwards: Bool = false) -> Upgrade.Transport? {
    if case .accept(let transport, _) = Upgrade.answer(head, forwards: forwards) { transport } else { nil }
  }

  private func code(_ head: HTTPHead, forwards: Bool = false) -> Int? {
    if case .refuse(let code, _, _) = Upgrade.answer(head, forwards: forwards) { code } else { nil }
  }

  @Test("the first protocol that the client offers and the server knows is taken") func spdy() throws {
    let spdy = ["POST /exec/x HTTP/1.1", "connection: keep-alive, Upgrade", "Upgrade: SPDY/3.1"]
    func with(_ protocols: String...) throws -> HTTPHead {
      try head((spdy + protocols.map { "X-Stream-Protocol-Version: \($0)" }).joined(separator: "\r\n"))
    }
    #expect(transport(try with("v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io")) == .spdy(.v4))
    #expect(transport(try with("channel.k8s.io", "v4.channel.k8s.io")) == .spdy(.v1))
    #expect(transport(try with("portforward.k8s.io"), forwards: true) == .spdy(.v1))
    #expect(code(try with("v9.channel.k8s.io")) == 403)
    #expect(code(try with("v4.channel.k8s.io"), forwards: true) == 403)
    #expect(code(try with()) == 400)
    #expect(code(try head("GET /exec/x HTTP/1.1", "Host: x")) == 400)
  }

  @Test(
    "WebSockets agree on a protocol of channels",
    arguments: [("v5.channel.k8s.io", ChannelProtocol.v5), ("v4.channel.k8s.io", .v4), ("x, base64.channel.k8s.io", .v1Base64)])
  func webSocket(offered: String, chosen: ChannelProtocol) throws {
    let greeting = [
      "GET /exec/x HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: \(offered)",
    ]
    let head = try head(greeting.joined(separator: "\r\n"))
    #expect(transport(head) == .webSocket(chosen))
    guard case .accept(_, let answer) = Upgrade.answer(head, forwards: false) else { return }
    // RFC 6455, section 1.3.
    #expect(answer.values("Sec-WebSocket-Accept") == ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
    #expect(answer.values("Sec-WebSocket-Protocol") == [chosen.rawValue])
    #expect(code(head, forwards: true) == 403)
    let short = greeting.map { $0.replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "c2hvcnQ=") }
    #expect(code(try self.head(short.joined(separator: "\r\n"))) == 400)
  }

  @Test("a head that is too long or hides something is refused") func heads() throws {
    func read(_ text: String) throws -> HTTPHead? {
      var buffer = ByteBuffer(string: text)
      return try HTTPHead.read(from: &buffer)
    }
    #expect(try read("GET / HTTP/1.1\r\nHost: x\r\n") == nil)
    for text in [
      "GET / HTTP/1.1\r\n continued\r\n\r\n", "GET / HTTP/1.1\r\nName : x\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nA: b\u{0}c\r\n\r\n", "GET\r\n\r\n", String(repeating: "a", count: 16384),
      "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 200) + "\r\n",
    ] { #expect(throws: StreamProtocolError.self) { try read(text) } }
  }

  @Test("a token is good once, for its kind, for a minute; a thousand may wait") func tokens() throws {
    let tokens = Tokens()
    let request = Tokens.Request.portForward(ForwardRequest { _ in throw ProcessEnd.failed("") })
    let now = ContinuousClock.now
    let token = try #require(tokens.add(request, now: now))
    #expect(token.utf8.count == 22)
    #expect(tokens.take("exec", token, now: now) == nil)
    #expect(tokens.take("portforward", token, now: now) != nil)
    #expect(tokens.take("portforward", token, now: now) == nil)
    let old = try #require(tokens.add(request, now: now))
    #expect(tokens.take("portforward", old, now: now + .seconds(61)) == nil)
    for _ in 0..<Tokens.maximumPending { #expect(tokens.add(request, now: now) != nil) }
    #expect(tokens.add(request, now: now + .seconds(30)) == nil)
    #expect(tokens.add(request, now: now + .seconds(61)) != nil)
  }

  @Test("URLs of other runtimes are understood") func urls() throws {
    let url = try StreamURL("http://[::1]:4000/exec/abc")
    #expect(url.host == "::1" && url.port == 4000 && url.path == "/exec/abc")
    for text in ["https://x:1/", "http://x/", "http://:1/", "unix:///x", "http://x:0/", "http://x:1/a b"] {
      #expect(throws: StreamingError.self) { try StreamURL(text) }
    }
  }
}
