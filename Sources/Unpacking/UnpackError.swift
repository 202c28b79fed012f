import Glibc
public import LinuxSystem
public import UnpackProtocol

/// Why an archive was not unpacked. The sentence does not name the archive: whoever asked knows it.
public struct UnpackError: Error, Sendable, CustomStringConvertible {
  public let failure: UnpackMessage.Failure
  public let description: String

  public init(_ failure: UnpackMessage.Failure, _ message: String, cause: SystemCallError? = nil) {
    let full = cause?.code == ENOSPC || cause?.code == EDQUOT
    self.failure = full ? .noSpace : failure
    description = cause.map { "\(message): \(full ? "no space left on device" : "\($0)")" } ?? message
  }
}
