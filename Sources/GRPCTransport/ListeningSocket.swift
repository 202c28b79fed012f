import LinuxSystem
import NIOCore
import NIOPosix

/// A unix socket's file: made ready before binding, bound, given its owner and mode before it listens, removed at the end.
struct ListeningSocket: Sendable {
  let path: String
  let mode: Int
  let group: UInt32?

  /// Creates the directory (0750) if need be and removes the socket of a server that is gone.
  /// - Throws: `.addressInUse` when somebody listens, `.cannotListen` when the path is no socket.
  func prepare(on loop: any EventLoopGroup) async throws(GRPCTransportError) {
    guard path.utf8.count < 108 else {
      throw GRPCTransportError(
        .cannotListen, "the socket path \(path) is longer than 107 bytes, the kernel's limit: choose a shorter one")
    }
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    let facts: FileFacts?
    do throws(SystemCallError) {
      if !directory.isEmpty { try makeDirectory(directory, mode: 0o750, parents: 0o750) }
      facts = try HostFiles.facts(path, followsLink: false)
    } catch { throw GRPCTransportError(.cannotListen, "cannot prepare the socket \(path)", cause: error) }
    guard let facts else { return }
    guard facts.kind == .socket else {
      throw GRPCTransportError(.cannotListen, "\(path) exists and is no socket: remove it or choose another path")
    }
    if let channel = try? await ClientBootstrap(group: loop).connect(unixDomainSocketPath: path).get() {
      try? await channel.close().get()
      throw GRPCTransportError(.addressInUse, "another process serves \(path): stop it or choose another path")
    }
    remove()
  }

  /// A listening socket: group and mode are set before anybody can connect.
  func listen() throws(GRPCTransportError) -> OwnedDescriptor {
    do throws(SystemCallError) { return try UnixListener.listen(path, mode: UInt32(mode), group: group) } catch {
      throw GRPCTransportError(.cannotListen, "cannot listen on \(path)", cause: error)
    }
  }

  func remove() { UnixListener.remove(path) }
}
