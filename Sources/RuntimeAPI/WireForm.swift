/// The bytes of the message a value came as, with fields that this version does not know; empty for a value that was made here. It says
/// nothing new about the value, so any two compare equal.
public struct WireForm: Hashable, Sendable {
  public let bytes: [UInt8]
  public init(_ bytes: [UInt8] = []) { self.bytes = bytes }
  public static func == (a: Self, b: Self) -> Bool { true }
  public func hash(into hasher: inout Hasher) {}
}
