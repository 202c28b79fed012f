import Glibc
import LinuxSystem
import Synchronization
import Testing

@Suite("output of an exec", .serialized) struct OutputReaderTests {
  // In processes of their own: the descriptor thread calls nobody else's handlers there.
  @Test("a pipe that had ended before it was read is read once", .timeLimit(.minutes(5)))
  func endedBefore() async { await #expect(processExitsWith: .success) { try Self.readEnded() } }

  private static func readEnded() throws {
    // The handler may run while its registration is still being made: the descriptor thread is kept awake, so that it often does.
    let busy = try Pipe()
    busy.closeWriteEnd()
    let spinning = try busy.readEnd.withRaw { raw in try DescriptorMonitor.shared.add(raw) {} }
    var readers: [OutputReader] = []
    for _ in 0..<400 {
      let pipe = try Pipe()
      pipe.closeWriteEnd()
      readers.append(try OutputReader(pipe.readEnd, limit: 16) {})
    }
    busy.readEnd.withRaw { raw in DescriptorMonitor.shared.remove(spinning, raw) }
    usleep(50_000)
    let before = DescriptorMonitor.shared.handlerCalls
    usleep(50_000)
    // A registration that was not ended is called thousands of times in that while.
    precondition(DescriptorMonitor.shared.handlerCalls == before, "called without end")
    precondition(readers.allSatisfy { $0.stop().isEmpty })
  }

  @Test("a reader that is dropped ends its registration")
  func dropped() async { await #expect(processExitsWith: .success) { try Self.drop() } }

  private static func drop() throws {
    let pipe = try Pipe()
    do { _ = try OutputReader(pipe.readEnd, limit: 16) {} }
    let before = DescriptorMonitor.shared.handlerCalls
    pipe.closeWriteEnd()
    usleep(5000)
    precondition(DescriptorMonitor.shared.handlerCalls == before, "called without a reader")
  }

  @Test("keeps what fits the limit, reads the rest")
  func limit() async throws {
    let pipe = try Pipe()
    let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
    let reader = try OutputReader(pipe.readEnd, limit: 3) { continuation.yield() }
    try pipe.writeEnd().withRaw { raw in _ = unsafe write(raw, "hello", 5) }
    pipe.closeWriteEnd()
    for await _ in ended { break }
    #expect(String(decoding: reader.stop(), as: UTF8.self) == "hel")
  }
}
