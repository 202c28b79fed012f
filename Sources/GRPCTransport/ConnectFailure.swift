import Glibc
import LinuxSystem
import NIOCore

/// Why a socket cannot be reached, as a sentence.
enum ConnectFailure {
  static func status(_ error: any Error, path: String) -> GRPCStatus {
    let code: GRPCStatus.Code =
      switch (error as? IOError)?.errnoCode {
      case EACCES, EPERM: .permissionDenied
      default: .unavailable
      }
    return GRPCStatus(code, "cannot connect to \(path): \(reason(error, path: path))")
  }

  static func reason(_ error: any Error, path: String) -> String {
    switch error {
    case let error as IOError: reason(errno: error.errnoCode, path: path)
    case ChannelError.connectTimeout(let limit): "no answer within \(Duration.nanoseconds(limit.nanoseconds))"
    case SocketAddressError.unixDomainSocketPathTooLong: "the path is longer than the 107 bytes that a socket's may have"
    case let status as GRPCStatus: status.message
    default: "\(error)"
    }
  }

  private static func reason(errno code: CInt, path: String) -> String {
    switch code {
    case ENOENT: "there is no such socket"
    case ENOTDIR: "a part of the path is no directory"
    case EACCES, EPERM: "permission denied"
    case EAGAIN: "its server takes no more connections"
    case ECONNREFUSED:
      switch (try? HostFiles.facts(path))?.kind {
      case .socket?, nil: "nobody listens there any more"
      case .directory?: "it is a directory, not a socket"
      default: "it is not a socket"
      }
    default: SystemCallError(call: "connect", subject: path, code: code).reason
    }
  }
}
