/// Bytes (of blocks, as du(1) counts) and inodes below a path.
public struct DiskUsage: Sendable, Equatable {
  public let path: String
  public let bytes: UInt64
  public let inodes: UInt64
}
