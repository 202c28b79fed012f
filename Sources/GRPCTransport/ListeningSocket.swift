import FoundationEssentials
import NIOCore
import NIOPosix

/// A unix socket's file: made ready before binding, given its owner and mode after, removed at the end.
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
    if !directory.isEmpty, !FileManager.default.fileExists(atPath: directory) {
      do {
        try FileManager.default.createDirectory(
          atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
      } catch { throw GRPCTransportError(.cannotListen, "cannot create the directory of the socket \(path)", cause: error) }
    }
    guard let kind = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType else { return }
    guard kind == .typeSocket else {
      throw GRPCTransportError(.cannotListen, "\(path) exists and is no socket: remove it or choose another path")
    }
    if let channel = try? await ClientBootstrap(group: loop).connect(unixDomainSocketPath: path).get() {
      try? await channel.close().get()
      throw GRPCTransportError(.addressInUse, "another process serves \(path): stop it or choose another path")
    }
    remove()
  }

  /// Until here only the owner may connect: connecting needs write permission, which the umask takes from everybody else.
  func publish() throws(GRPCTransportError) {
    var attributes: [FileAttributeKey: Any] = [.posixPermissions: mode]
    if let group { attributes[.groupOwnerAccountID] = UInt(group) }
    do { try FileManager.default.setAttributes(attributes, ofItemAtPath: path) } catch {
      throw GRPCTransportError(.cannotListen, "cannot set owner and mode of the socket \(path)", cause: error)
    }
  }

  func remove() {
    try? FileManager.default.removeItem(atPath: path)
  }
}
