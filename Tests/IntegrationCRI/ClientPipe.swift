import Glibc
import LinuxSystem
import Synchronization

/// A stream of a client: its other end is given to the session, and not kept, so that its end is seen.
final class ClientPipe: Sendable {
  private let ours: UnixStream
  private let theirs: Mutex<SharedDescriptor?>

  init() throws {
    let (ours, theirs) = try UnixStream.pair()
    self.ours = ours
    self.theirs = Mutex(theirs)
  }

  /// Once.
  func take() -> SharedDescriptor? {
    theirs.withLock { end in
      defer { end = nil }
      return end
    }
  }

  func write(_ bytes: [UInt8]) async { await runBlocking(.foreign) { [ours] in try? ours.send(bytes) } }
  func write(_ text: String) async { await write(Array(text.utf8)) }

  /// Nothing more is written.
  func end() { ours.withRaw { raw in _ = shutdown(raw, CInt(SHUT_WR)) } }
  /// Nothing more is read: what is under way is given, and then the end.
  func cut() { ours.withRaw { raw in _ = shutdown(raw, CInt(SHUT_RD)) } }

  /// As many bytes, or all to the end.
  func read(_ count: Int = .max) async -> [UInt8] {
    await runBlocking(.foreign) { [ours] in
      var bytes: [UInt8] = []
      while bytes.count < count, let (part, _) = try? ours.receive(capacity: min(65536, count - bytes.count)), !part.isEmpty {
        bytes += part
      }
      return bytes
    }
  }

  func text(_ count: Int = .max) async -> String { String(decoding: await read(count), as: UTF8.self) }
}
