import LinuxSystem
import NIOCore

/// Reads a descriptor on an event loop, while it is told to: what nobody takes stays in the pipe, and holds up who writes it. Not a
/// channel of NIO's: those end the process when a terminal is hung up and opened again in the same moment, which a container can do.
final class DescriptorSource {
  private enum State {
    case paused
    case reading
    case waiting
    case ended
  }

  /// Chunks before others on the loop have their turn.
  private static let burst = 8

  private let loop: any EventLoop
  /// nil: closed.
  private var wait: DescriptorWait?
  private let onBytes: (ByteBuffer) -> Void
  private let onEnd: () -> Void
  private var state = State.paused

  /// - Parameters:
  ///   - onBytes: may pause or stop it.
  ///   - onEnd: called once at the end, unless it was stopped.
  init(_ descriptor: SharedDescriptor, on loop: any EventLoop, onBytes: @escaping (ByteBuffer) -> Void, onEnd: @escaping () -> Void)
  {
    DescriptorIO.setNonBlocking(descriptor)
    self.loop = loop
    self.onBytes = onBytes
    self.onEnd = onEnd
    wait = DescriptorWait(descriptor, writable: false)
  }

  var isPaused: Bool { state == .paused }

  func resume() {
    guard state == .paused else { return }
    state = .reading
    readLater()
  }

  func pause() {
    switch state {
    case .reading: state = .paused
    case .waiting:
      state = .paused
      wait?.end()
    case .paused, .ended: break
    }
  }

  /// Closes it; call before it is dropped.
  func stop() {
    wait?.end()
    (wait, state) = (nil, .ended)
  }

  private func readLater() {
    let source = NIOLoopBound(self, eventLoop: loop)
    loop.execute { source.value.read() }
  }

  private func read() {
    for _ in 0..<Self.burst {
      guard state == .reading, let wait else { return }
      switch DescriptorIO.read(wait.descriptor) {
      case .bytes(let bytes): onBytes(bytes)
      case .wait: return sleep()
      case .end: return end()
      }
    }
    if state == .reading { readLater() }
  }

  private func sleep() {
    state = .waiting
    let (source, loop) = (NIOLoopBound(self, eventLoop: loop), loop)
    do throws(SystemCallError) {
      try wait?.begin { loop.execute { source.value.wake() } }
    } catch {
      end()
    }
  }

  private func wake() {
    guard state == .waiting else { return }
    state = .reading
    read()
  }

  private func end() {
    stop()
    onEnd()
  }
}
