/// Source: CRI ExecSyncResponse.
public struct ExecResult: Codable, Equatable, Sendable {
  /// Of both streams together: an answer of 16 MiB, the most that clients of the CRI take, has no room for more.
  public static let maximumBytes = (16 << 20) - 64
  public var stdout: [UInt8]
  public var stderr: [UInt8]
  public var exitCode: Int32

  public init(stdout: [UInt8] = [], stderr: [UInt8] = [], exitCode: Int32 = 0) {
    self.stdout = stdout
    self.stderr = stderr
    self.exitCode = exitCode
  }
}
