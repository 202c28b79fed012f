import Glibc
import LinuxSystem

/// Wakes whoever reads what is written into a directory: when the kernel says that something was, and now and then by time, sooner when
/// something has just happened.
struct FileNews {
  private static let pause: (least: Duration, most: Duration) = (.milliseconds(50), .seconds(1))
  private let bell: AsyncStream<Bool>
  private let ring: AsyncStream<Bool>.Continuation
  private var delay = pause.least

  init(directory: String) {
    let (bell, ring) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
    (self.bell, self.ring) = (bell, ring)
    guard let inotify = try? Inotify() else { return }
    // A log is closed when its container ends.
    _ = try? inotify.watch(directory, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE))
    Task {
      for await _ in inotify.events { ring.yield(true) }
    }
  }

  /// - Throws: `CancellationError`.
  mutating func next() async throws {
    let ring = ring
    let timer = Alarm.call(after: delay) { ring.yield(false) }
    defer { Alarm.forget(timer) }
    for await isNews in bell {
      delay = isNews ? Self.pause.least : min(delay * 2, Self.pause.most)
      return
    }
    throw CancellationError()
  }
}
