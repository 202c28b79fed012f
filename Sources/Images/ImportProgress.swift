/// How far an import or a pull is.
public struct ImportProgress: Sendable {
  /// `reading`, `unpacking` or `pulling`.
  public let stage: String
  public let bytesDone: UInt64
  public let bytesTotal: UInt64
  public let layer: String
}
