import LinuxSystem
import Synchronization

/// A layer that somebody sends: what it is called, and how it is got.
struct StreamedLayer: Sendable {
  let diffID: String
  /// Bytes as they are sent.
  let size: Int64
  let isCompressed: Bool
  /// At most so many of one name are got at a time.
  let source: String
  /// How many hosts may be asked for it: fewer when one gave a damaged one.
  let hosts: @Sendable () -> Int
  /// Sends the bytes into a socket, which it closes at the end. Returns when they are known to be the right ones; what was unpacked from
  /// others is thrown away.
  let send: @Sendable (consuming OwnedDescriptor) async throws(ImageError) -> Void
}

/// A descriptor on its way into another task, which takes it once.
final class DescriptorHandover: Sendable {
  private let held: Mutex<OwnedDescriptor?>
  init(_ held: consuming OwnedDescriptor) { self.held = Mutex(consume held) }
  func take() -> OwnedDescriptor? { held.withLock { $0.take() } }
}

/// The end of a stream that is read, until it is closed.
final class LayerStream: Sendable {
  private let held: Mutex<UnixStream?>
  init(_ held: UnixStream) { self.held = Mutex(held) }
  var open: UnixStream? { held.withLock { $0 } }
  func close() { held.withLock { $0 = nil } }
}
