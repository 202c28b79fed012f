/// How the streams of exec and attach share a WebSocket: each message begins with its channel. Source: k8s.io/apimachinery,
/// pkg/util/remotecommand/constants.go.
enum ChannelProtocol: String, CaseIterable {
  /// As v4, and `[255, channel]` ends a channel.
  case v5 = "v5.channel.k8s.io"
  /// The error channel has a status, and there is one for sizes.
  case v4 = "v4.channel.k8s.io"
  /// As v4, in text: the channel a digit, the bytes base64.
  case v4Base64 = "v4.base64.channel.k8s.io"
  /// The error channel has a text.
  case v1 = "channel.k8s.io"
  case v1Base64 = "base64.channel.k8s.io"
  /// As v1, when the client offered none.
  case none = ""

  var isBase64: Bool { self == .v4Base64 || self == .v1Base64 }
  var hasStatus: Bool { self == .v5 || self == .v4 || self == .v4Base64 }
  var hasEnds: Bool { self == .v5 }

  /// Its message names the channel that ends.
  static let end: UInt8 = 255
}
