import NIOCore

/// A frame of SPDY/3.1. Source: SPDY/3, section 2.6; flow control is not used, as no client of Kubernetes has it.
enum SPDYFrame: Equatable {
  case openStream(UInt32, SPDYHeaders, ends: Bool)
  case reply(UInt32, SPDYHeaders, ends: Bool)
  case reset(UInt32, SPDYStatus)
  case ping(UInt32)
  case goAway
  /// Part of a data frame, as it comes; `ends` with its last part only.
  case data(UInt32, ByteBuffer, ends: Bool)
  /// Headers that follow, settings, windows: nothing to do.
  case ignored
}

/// Why a stream is reset. Source: SPDY/3, section 2.6.3.
struct SPDYStatus: RawRepresentable, Equatable {
  let rawValue: UInt32
  static let protocolError = SPDYStatus(rawValue: 1)
  static let refused = SPDYStatus(rawValue: 3)
  static let cancel = SPDYStatus(rawValue: 5)
}

/// Numbers of control frames and flags.
enum SPDYKind {
  static let openStream: UInt16 = 1
  static let reply: UInt16 = 2
  static let reset: UInt16 = 3
  static let ping: UInt16 = 6
  static let goAway: UInt16 = 7
  static let headers: UInt16 = 8
  /// In the flags of data, openStream and reply.
  static let final: UInt8 = 1
}
