import NIOCore

/// What a request head asks to become, and the answer. Source: RFC 6455 section 4.2; k8s.io/apimachinery, pkg/util/httpstream.
enum Upgrade {
  enum Transport: Equatable {
    case spdy(SPDYVersion)
    case webSocket(ChannelProtocol)
    /// SPDY in a WebSocket.
    case tunnel
  }

  /// Of exec's protocol over SPDY, newest first. Source: k8s.io/kubelet, cri-streaming/remotecommand/httpstream.go.
  enum SPDYVersion: String, CaseIterable {
    case v4 = "v4.channel.k8s.io"
    case v3 = "v3.channel.k8s.io"
    case v2 = "v2.channel.k8s.io"
    case v1 = "channel.k8s.io"

    /// Whether its error stream has a status, not a text.
    var hasStatus: Bool { self == .v4 }
    /// Whether it has a stream for the sizes of a terminal.
    var hasSizes: Bool { self == .v4 || self == .v3 }
  }

  enum Answer: Equatable {
    case accept(Transport, HTTPHead)
    case refuse(Int, String, [String])
  }

  private static let forward = "portforward.k8s.io"
  private static let tunnel = "SPDY/3.1+portforward.k8s.io"
  private static let protocolField = "X-Stream-Protocol-Version"
  /// Source: RFC 6455, section 1.3.
  private static let webSocketKey = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

  static func answer(_ head: HTTPHead, forwards: Bool) -> Answer {
    guard head.contains("Connection", "upgrade") else { return .refuse(400, "an upgrade to SPDY/3.1 or WebSocket is needed", []) }
    if head.contains("Upgrade", "SPDY/3.1") { return spdy(head, forwards) }
    if head.contains("Upgrade", "websocket") { return webSocket(head, forwards) }
    return .refuse(400, "an upgrade to SPDY/3.1 or WebSocket is needed", [])
  }

  private static func spdy(_ head: HTTPHead, _ forwards: Bool) -> Answer {
    let offered = head.values(protocolField)
    let known = forwards ? [forward] : SPDYVersion.allCases.map(\.rawValue)
    guard !offered.isEmpty else { return .refuse(400, "\(protocolField) is required", []) }
    guard let chosen = offered.first(where: { known.contains($0) }) else {
      return .refuse(403, "none of the offered protocols is known", known)
    }
    let fields = [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), (protocolField, chosen)]
    return .accept(
      .spdy(SPDYVersion(rawValue: chosen) ?? .v1),
      HTTPHead(["HTTP/1.1", "101", "Switching Protocols"], fields.map { ($0.0, $0.1) }))
  }

  private static func webSocket(_ head: HTTPHead, _ forwards: Bool) -> Answer {
    guard head.first[0] == "GET", head.contains("Sec-WebSocket-Version", "13"), let key = head.values("Sec-WebSocket-Key").first,
      Base64.decode(key.utf8)?.count == 16
    else { return .refuse(400, "not a WebSocket's greeting", []) }
    let offered = head.values("Sec-WebSocket-Protocol")
    var fields: [(name: String, value: String)] = [
      ("Connection", "Upgrade"), ("Upgrade", "websocket"),
      ("Sec-WebSocket-Accept", String(decoding: Base64.encode(SHA1.digest(Array((key + webSocketKey).utf8))), as: UTF8.self)),
    ]
    let transport: Transport
    if forwards {
      guard offered.contains(tunnel) else { return .refuse(403, "port-forward over WebSocket needs \(tunnel)", [tunnel]) }
      transport = .tunnel
      fields.append(("Sec-WebSocket-Protocol", tunnel))
    } else {
      let chosen = offered.isEmpty ? ChannelProtocol.none : offered.lazy.compactMap { ChannelProtocol(rawValue: $0) }.first
      guard let chosen else {
        return .refuse(
          403, "none of the offered protocols is known", ChannelProtocol.allCases.map(\.rawValue).filter { !$0.isEmpty })
      }
      transport = .webSocket(chosen)
      if chosen != .none { fields.append(("Sec-WebSocket-Protocol", chosen.rawValue)) }
    }
    return .accept(transport, HTTPHead(["HTTP/1.1", "101", "Switching Protocols"], fields))
  }

  static func refusal(_ code: Int, _ message: String, accepted: [String] = []) -> ByteBuffer {
    let reasons = [400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"]
    var fields: [(name: String, value: String)] = [
      ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "\(message.utf8.count + 1)"), ("Connection", "close"),
    ]
    for name in accepted { fields.append(("X-Accepted-Stream-Protocol-Versions", name)) }
    var bytes = HTTPHead(["HTTP/1.1", "\(code)", reasons[code] ?? "Error"], fields).encoded
    bytes.writeString(message + "\n")
    return bytes
  }
}
