import Glibc
package import LinuxSystem
import Synchronization

/// A socket whose other end the code under test has: nothing here holds that, so that its end is seen.
package final class TestPipe: Sendable {
  private let ours: UnixStream
  private let theirs: Mutex<SharedDescriptor?>

  package init() throws {
    let (ours, theirs) = try UnixStream.pair()
    self.ours = ours
    self.theirs = Mutex(theirs)
  }

  /// Once.
  package func take() -> SharedDescriptor? {
    theirs.withLock { end in
      defer { end = nil }
      return end
    }
  }

  package func write(_ bytes: [UInt8]) async { await runBlocking(.foreign) { [ours] in try? ours.send(bytes) } }
  package func write(_ text: String) async { await write(Array(text.utf8)) }

  /// Nothing more is written.
  package func end() { ours.withRaw { raw in _ = shutdown(raw, CInt(SHUT_WR)) } }
  /// Nothing more is read: what is under way is given, and then the end.
  package func cut() { ours.withRaw { raw in _ = shutdown(raw, CInt(SHUT_RD)) } }

  /// As many bytes, or all to the end.
  package func read(_ count: Int = .max) async -> [UInt8] {
    await runBlocking(.foreign) { [ours] in
      var bytes: [UInt8] = []
      while bytes.count < count, let (part, _) = try? ours.receive(capacity: min(65536, count - bytes.count)), !part.isEmpty {
        bytes += part
      }
      return bytes
    }
  }

  package func text(_ count: Int = .max) async -> String { String(decoding: await read(count), as: UTF8.self) }
}
