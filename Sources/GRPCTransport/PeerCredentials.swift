import NIOCore
import NIOPosix

/// Who is at the other end of a unix socket. Source: unix(7), SO_PEERCRED; struct ucred.
struct PeerCredentials: Equatable, Sendable {
  var process: Int32 = 0
  var user: UInt32 = 0
  var group: UInt32 = 0

  /// Root, this process's own user, and whoever the socket's group or mode lets in: the kernel asked those at connect. Without a group the
  /// socket is root's, also when somebody changed the mode of its file.
  func mayConnect(ownUser: UInt32, group: UInt32?, mode: Int) -> Bool {
    user == 0 || user == ownUser || group != nil || mode & 0o002 != 0
  }

  /// Of a connected channel.
  static func of(_ channel: any Channel) -> EventLoopFuture<PeerCredentials> {
    guard let socket = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    return socket.unsafeGetSocketOption(level: .socket, name: .init(rawValue: 17 /* SO_PEERCRED */))
  }
}
