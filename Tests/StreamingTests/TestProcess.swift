import LinuxSystem
import Streaming
import Synchronization
import TestSupport

/// A process that is none: streams, and an end that the test says.
final class TestProcess: Sendable {
  let input: TestPipe
  let output: TestPipe
  let error: TestPipe
  let sizes = Mutex<[UInt16]>([])
  let isAbandoned = Mutex(false)
  /// Nobody waits for its end any more.
  let isForgotten = Mutex(false)
  private let ends: AsyncStream<ProcessEnd>
  private let continuation: AsyncStream<ProcessEnd>.Continuation

  init() throws {
    (input, output, error) = (try TestPipe(), try TestPipe(), try TestPipe())
    (ends, continuation) = AsyncStream.makeStream(of: ProcessEnd.self)
  }

  func end(_ end: ProcessEnd) {
    continuation.yield(end)
    continuation.finish()
  }

  func closeOutputs() {
    output.end()
    error.end()
  }

  /// - Parameter stdout: whether the client wants it; it is there.
  func request(stdin: Bool = true, stdout: Bool = true, tty: Bool = false) -> ProcessRequest {
    ProcessRequest(stdin: stdin, stdout: stdout, stderr: !tty, tty: tty) { [self] in
      let ends = ends
      return ProcessStreams(
        input: stdin ? input.take() : nil, output: output.take(), error: tty ? nil : error.take(),
        resize: { columns, rows in self.sizes.withLock { $0 = [columns, rows] } },
        ended: {
          let end = await ends.first { _ in true }
          if Task.isCancelled { self.isForgotten.withLock { $0 = true } }
          return end ?? .failed("no end")
        }, abandoned: { self.isAbandoned.withLock { $0 = true } })
    }
  }
}
