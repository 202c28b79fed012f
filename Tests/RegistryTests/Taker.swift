import Glibc
import LinuxSystem
import OCISpec
@testable import Registry

/// Takes the bytes of a blob as an unpacker does.
enum Taker {
  /// Downloads a blob and returns what came.
  static func download(
    _ session: RegistrySession, _ digest: String, _ size: Int
  ) async throws -> (bytes: [UInt8], failure: RegistryError?) {
    let pair = try UnixStream.pair()
    let socket = try pair.theirs.duplicate()
    let reader = Task {
      await runBlocking { () -> [UInt8] in
        var bytes: [UInt8] = []
        while let (more, _) = try? pair.ours.receive(), !more.isEmpty { bytes += more }
        return bytes
      }
    }
    let shared = pair.theirs
    var failure: RegistryError?
    do throws(RegistryError) {
      try await session.download(digest, size: Int64(size), into: socket) { _ in }
    } catch {
      failure = error
    }
    // The other copy of the sender's end.
    shared.withRaw { raw in _ = shutdown(raw, CInt(SHUT_WR)) }
    return (await reader.value, failure)
  }
}
