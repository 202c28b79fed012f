/// A pod's unique id: 32 hex digits for a static pod, an RFC 4122 id for one of the API server.
public struct PodUID: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(_ text: String) { rawValue = text }
  public var description: String { rawValue }
}
