import Glibc

/// File system notifications (inotify(7)) read by the agent's descriptor thread: no polling, no wake-up without an event.
public final class Inotify: Sendable {
  public struct Event: Sendable {
    /// The number that `watch` returned; -1 for an overflow.
    public let watch: Int32
    /// IN_* bits.
    public let mask: UInt32
    /// The entry of the watched directory, empty for an event of the watched object itself.
    public let name: String
  }

  /// Events in order, without bound: one consumer.
  public let events: AsyncStream<Event>
  private let descriptor: SharedDescriptor
  private let token: DescriptorMonitor.Token

  public init() throws(SystemCallError) {
    let raw = try systemCall("inotify_init1", on: "") { inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC)) }
    let descriptor = SharedDescriptor(OwnedDescriptor(adopting: raw))
    let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
    self.descriptor = descriptor
    events = stream
    token = try DescriptorMonitor.shared.add(raw) {
      for event in descriptor.withRaw({ Inotify.read($0) }) { continuation.yield(event) }
    }
  }

  deinit { descriptor.withRaw { DescriptorMonitor.shared.remove(token, $0) } }

  /// Watches a path; a second call for the same inode adds to its mask and returns the same number.
  public func watch(_ path: String, _ mask: UInt32) throws(SystemCallError) -> Int32 {
    try descriptor.withRaw { raw throws(SystemCallError) in
      try systemCall("inotify_add_watch", on: path) { unsafe inotify_add_watch(raw, path, mask) }
    }
  }

  /// Ends a watch; one that the kernel already dropped (its directory is gone) is no error.
  public func remove(_ watch: Int32) { descriptor.withRaw { _ = inotify_rm_watch($0, watch) } }

  /// Everything that is queued. Layout: struct inotify_event { int wd; uint32_t mask, cookie, len; char name[len]; }.
  private static func read(_ raw: CInt) -> [Event] {
    var events: [Event] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = unsafe Glibc.read(raw, &buffer, buffer.count)
      if count <= 0 { return events }
      var offset = 0
      while offset + 16 <= count {
        let header = unsafe buffer.withUnsafeBytes { bytes in
          (
            unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self),
            unsafe bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
            unsafe Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
          )
        }
        let name = buffer[(offset + 16)..<min(count, offset + 16 + header.2)].prefix { $0 != 0 }
        events.append(Event(watch: header.0, mask: header.1, name: String(decoding: name, as: UTF8.self)))
        offset += 16 + header.2
      }
    }
  }
}
