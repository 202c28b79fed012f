import Foundation
import Glibc
import OCISpec
import TestSupport

@testable import Images

/// Debian's `docker-registry` on 127.0.0.1 with TLS and one user, `user` with the password `secret`. Images are put into its storage as
/// it keeps them itself, so that nothing has to be pushed.
final class DebianRegistry {
  static let program = "/usr/bin/docker-registry"
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/registry")
    .path

  let scratch: ScratchDirectory
  let port: Int
  private let process = Process()

  var registry: String { "localhost:\(port)" }
  static var authority: String { "\(fixtures)/ca.crt" }

  init() throws {
    scratch = try ScratchDirectory("registry")
    port = try Self.freePort()
    try scratch.write(
      "config.yml",
      """
      version: 0.1
      log: {level: error, accesslog: {disabled: true}}
      storage: {filesystem: {rootdirectory: \(scratch["data"])}}
      http:
        addr: 127.0.0.1:\(port)
        tls: {certificate: \(Self.fixtures)/server.crt, key: \(Self.fixtures)/server.key}
      auth: {htpasswd: {realm: test, path: \(Self.fixtures)/htpasswd}}
      """)
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = ["serve", scratch["config.yml"]]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    process.terminate()
    process.waitForEnd()
    scratch.remove()
  }

  func isListening() -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    return unsafe Self.withAddress(port) { unsafe Glibc.connect(socket, $0, $1) } == 0
  }

  /// Source: distribution docs/spec, registry/storage/paths.go.
  func put(_ image: TestImage, repository: String, tag: String) throws {
    let root = "data/docker/registry/v2"
    var manifest = ""
    for (path, bytes) in try image.layout() where path.hasPrefix("blobs/") {
      let hex = Digest.of(bytes).dropFirst(7)
      try scratch.write("\(root)/blobs/sha256/\(hex.prefix(2))/\(hex)/data", bytes)
      let isManifest = (try? JSONDecoder().decode(ImageManifest.self, from: Data(bytes))) != nil
      if isManifest { manifest = String(hex) }
      let folder = isManifest ? "_manifests/revisions/sha256" : "_layers/sha256"
      try scratch.write("\(root)/repositories/\(repository)/\(folder)/\(hex)/link", "sha256:\(hex)")
    }
    try scratch.write("\(root)/repositories/\(repository)/_manifests/tags/\(tag)/current/link", "sha256:\(manifest)")
  }

  private static func freePort() throws -> Int {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    guard unsafe withAddress(0, { unsafe Glibc.bind(socket, $0, $1) }) == 0 else { throw Waiting("a free port") }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(socket, $0, &length) }
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
