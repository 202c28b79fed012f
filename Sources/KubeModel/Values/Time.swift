internal import FoundationEssentials

/// A moment as Kubernetes `metav1.Time`: JSON carries whole seconds in UTC, memory keeps nanoseconds.
public struct Time: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Since 1970-01-01T00:00:00Z, without leap seconds; may be negative.
  public var seconds: Int
  /// 0...999_999_999, added to `seconds`.
  public var nanoseconds: Int

  public init(seconds: Int, nanoseconds: Int = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// RFC 3339 with 0 to 9 digits of fraction (more are cut) and `Z` or an offset.
  public init?(_ text: String) {
    guard let parsed = RFC3339.parse(text) else { return nil }
    (seconds, nanoseconds) = parsed
  }

  public static func now() -> Time {
    let interval = Date().timeIntervalSince1970
    let whole = interval.rounded(.down)
    return Time(seconds: Int(whole), nanoseconds: min(999_999_999, Int((interval - whole) * 1e9)))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let time = Time(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
    }
    self = time
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// `2026-07-01T10:00:00Z`.
  public var description: String { RFC3339.format(seconds: seconds, nanoseconds: nanoseconds, digits: 0) }
  /// Go's RFC3339Nano: fraction without trailing zeros, none if zero.
  public var rfc3339Nano: String { RFC3339.format(seconds: seconds, nanoseconds: nanoseconds, digits: nil) }

  public static func < (left: Time, right: Time) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}

/// A moment as Kubernetes `metav1.MicroTime`: JSON carries six digits of fraction.
public struct MicroTime: Codable, Hashable, Sendable, CustomStringConvertible {
  public var time: Time

  public init(_ time: Time) { self.time = time }
  public init(seconds: Int, nanoseconds: Int = 0) { time = Time(seconds: seconds, nanoseconds: nanoseconds) }
  public init(from decoder: any Decoder) throws { time = try Time(from: decoder) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String { RFC3339.format(seconds: time.seconds, nanoseconds: time.nanoseconds, digits: 6) }
}
