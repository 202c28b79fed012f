/// How far an import is.
public struct ImportProgress: Sendable {
  /// `reading` or `unpacking`.
  public let stage: String
  public let bytesDone: UInt64
  public let bytesTotal: UInt64
  public let layer: String
}
