import LinuxSystem
import NIOCore

/// Writes to a descriptor on an event loop: what it does not take is kept, and whoever sends it asks `isWritable` before sending more.
final class DescriptorSink {
  /// Kept bytes above which no more should come.
  static let highMark = 256 << 10
  /// What a piece costs beside its bytes: a client may send one byte at a time.
  static let pieceCost = 512

  private let loop: any EventLoop
  /// nil: closed.
  private var wait: DescriptorWait?
  private let onWritable: () -> Void
  private var queue: [ByteBuffer] = []
  private var kept = 0
  private var isWaiting = false
  private var endsWhenEmpty = false

  /// - Parameter onWritable: it is writable again, or empty, or nobody reads it any more.
  init(_ descriptor: SharedDescriptor, on loop: any EventLoop, onWritable: @escaping () -> Void) {
    DescriptorIO.setNonBlocking(descriptor)
    self.loop = loop
    self.onWritable = onWritable
    wait = DescriptorWait(descriptor, writable: true)
  }

  /// What is written when nobody reads it any more is dropped: there is nothing to wait for.
  var isWritable: Bool { kept < Self.highMark }

  /// All is written, or nobody takes it.
  var isEmpty: Bool { queue.isEmpty }

  func write(_ bytes: ByteBuffer) {
    guard wait != nil, !endsWhenEmpty, bytes.readableBytes > 0 else { return }
    queue.append(bytes)
    kept += bytes.readableBytes + Self.pieceCost
    if !isWaiting { flush(isFromWait: false) }
  }

  /// Closes it behind what was written.
  func end() {
    endsWhenEmpty = true
    if queue.isEmpty { stop() }
  }

  /// Closes it now.
  func stop() {
    wait?.end()
    (wait, isWaiting, queue, kept) = (nil, false, [], 0)
  }

  private func flush(isFromWait: Bool) {
    guard let wait else { return }
    let wasWritable = isWritable
    var done = 0
    loop: while done < queue.count {
      let before = queue[done].readableBytes
      let outcome = DescriptorIO.write(wait.descriptor, &queue[done])
      kept -= before - queue[done].readableBytes
      switch outcome {
      case .bytes:
        done += 1
        kept -= Self.pieceCost
      case .wait:
        sleep()
        break loop
      case .end:
        stop()
        onWritable()
        return
      }
    }
    // There was nothing to wait with: it was stopped.
    if self.wait == nil { return onWritable() }
    queue.removeFirst(done)
    if queue.isEmpty, endsWhenEmpty { stop() }
    if !wasWritable && isWritable || done > 0 && queue.isEmpty && isFromWait { onWritable() }
  }

  private func sleep() {
    isWaiting = true
    let (sink, loop) = (NIOLoopBound(self, eventLoop: loop), loop)
    do throws(SystemCallError) {
      try wait?.begin { loop.execute { sink.value.wake() } }
    } catch {
      stop()
    }
  }

  private func wake() {
    guard isWaiting else { return }
    isWaiting = false
    flush(isFromWait: true)
  }
}
